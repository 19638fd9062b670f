-- bearer.lua: an API with tokens. Authorization has to be named: "*" does not stand for it. Its
-- preflight comes without the token, and is answered here, before any authentication.

resource "/v2/{rest...}" {
  methods = { "GET", "POST" },
  cors = {
    origins = { "https://app.example.com" },
    headers = { "Authorization", "Content-Type" },
    expose  = { "WWW-Authenticate" }, -- so that a script can see why it got a 401
  },
  handler = "proxy",
}

upstream "default" { "http://127.0.0.1:9000" }
