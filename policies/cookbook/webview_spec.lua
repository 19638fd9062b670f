--- webview: what has no origin may read, but never with cookies.

local testing = require "moongate.testing"

describe("webview", function()
  local gate = testing.load "webview.lua"

  testing.matrix(gate, {
    { "GET /app-content/news", from = "null", "readable" },
    { "POST /app-content/news", from = "null", headers = "content-type", "readable" },
    { "GET /app-content/news", from = "capacitor://localhost", "allowed" },
    { "GET /app-content/news", from = "null", credentials = "include", "blocked: acac-not-true" },
    { "GET /app-content/news", from = "https://stranger.example", "denied: origin-denied" },
    { "GET /app-content/news", from = "file://", "denied: origin-malformed" },
  })

  testing.snapshot(gate, "webview.snapshot")
end)
