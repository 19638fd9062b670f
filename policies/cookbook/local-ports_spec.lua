--- local-ports: any port of this machine, and no other machine that calls itself localhost.

local testing = require "moongate.testing"

describe("local-ports", function()
  local gate = testing.load "local-ports.lua"

  testing.matrix(gate, {
    { "PUT /dev/api/x", from = "http://localhost:5173", headers = "content-type", "readable" },
    { "GET /dev/api/x", from = "http://127.0.0.1:3000", credentials = "include", "readable" },
    { "GET /dev/api/x", from = "http://localhost", "readable" },
    { "GET /dev/api/x", from = "https://localhost:5173", "denied: origin-denied" },
    { "GET /dev/api/x", from = "http://localhost.evil.example:80", "denied: origin-malformed" },
    { "GET /dev/api/x", from = "http://app.localhost:5173", "denied: origin-denied" },
  })

  testing.snapshot(gate, "local-ports.snapshot")
end)
