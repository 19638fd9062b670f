-- public-api.lua: data that anyone may read from any page. The simplest rule there is.
--
-- "*" without credentials is right for what is public anyway: browsers send no cookies, and
-- answers are the same for all, so caches need no Vary.
--
--   curl -i http://127.0.0.1:8080/public/rates -H "Origin: https://any.example"

resource "/public/{rest...}" {
  methods = { "GET" }, -- HEAD comes with it; anything else is 405
  cors = {
    origins = "*",
    expose  = { "ETag", "Link", "X-Total-Count" }, -- what scripts may read beyond the basics
    max_age = 600, -- seconds that a browser may remember a preflight
  },
  handler = "echo",
}
