-- deny-all.lua: what no other origin may use.
--
-- Without a `cors` key a resource is for its own origin: preflights are answered 403, and no page
-- elsewhere can read an answer. Cookies or not, that is the rule for everything undeclared.
--
-- Mind what CORS does not do: a form on another page may still send a POST here, which needs no
-- preflight, and only its answer is hidden. Where that matters, name the origins that may and
-- have all others refused before the handler sees them:
--
--   cors = { origins = { "https://console.example.com" }, on_denied = "reject" },
--
-- and start the server with --public-origin, so that it knows its own origin for certain.
--
--   curl -i -X OPTIONS http://127.0.0.1:8080/internal/users \
--     -H "Origin: https://any.example" -H "Access-Control-Request-Method: DELETE"

resource "/internal/{rest...}" {
  methods = { "GET", "POST", "DELETE" },
  handler = "echo",
}
