-- readable-errors.lua: a script that gets "CORS error" in place of "429, again in 30 s" cannot do
-- what it should. Here every answer has the rule's fields, those of errors and plugins too.

plugin "rate-limit" { requests = 2, window = "30s", per = "origin", resources = { "/search" } }

resource "/search" {
  methods = { "GET" },
  cors    = { origins = { "https://app.example.com" }, expose = { "Retry-After" } },
  handler = "proxy",
}

upstream "default" { "http://127.0.0.1:9000" }

default {
  cors    = { origins = "*" },
  handler = respond { status = 404, body = "nothing here\n" },
}
