-- spa-credentials.lua: a single-page application that calls its API with cookies.
--
-- With credentials the origins are a list, never "*": every origin named here can act as the
-- user who is logged in.
--
--   curl -i -X OPTIONS http://127.0.0.1:8080/app/v1/cart \
--     -H "Origin: https://app.example.com" \
--     -H "Access-Control-Request-Method: PUT" \
--     -H "Access-Control-Request-Headers: content-type"

local app = {
  "https://app.example.com",
  "http://localhost:5173", -- the development server; loopback may be http
}

resource "/app/v1/{rest...}" {
  methods = { "GET", "POST", "PUT", "PATCH", "DELETE" },
  cors = {
    origins     = app,
    headers     = { "Authorization", "Content-Type", "X-CSRF-Token" },
    expose      = { "ETag", "Location" },
    credentials = true,
    max_age     = 600,
  },
  handler = "echo",
}

-- Logging in is for the application itself, which is served from this very host. Without a
-- `cors` key a resource answers no other origin.
resource "/app/session" {
  methods = { "POST", "DELETE" },
  handler = "echo",
}
