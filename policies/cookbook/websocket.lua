-- websocket.lua: CORS does not protect WebSockets: browsers connect from any page, without a
-- preflight and with cookies, and read what comes. All there is to go by is Origin.

resource "/live" {
  methods = { "GET" },
  cors = {
    origins   = { "https://app.example.com" },
    on_denied = "reject", -- the handshake of another origin never reaches the handler
  },
  handler = "echo",
}
