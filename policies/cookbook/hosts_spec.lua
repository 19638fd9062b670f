--- hosts: the same path on two names.

local testing = require "moongate.testing"

describe("hosts", function()
  local gate = testing.load "hosts.lua"
  local CONSOLE, ANY = "https://console.example.com", "https://any.example"

  testing.matrix(gate, {
    { "GET https://admin.example.com/status", from = CONSOLE, "allowed" },
    { "GET https://admin.example.com/status", from = ANY, "denied: origin-denied" },
    { "GET https://www.example.com/status", from = ANY, "allowed" },
    { "GET https://www.example.com/users", "status: 404" },
  })

  testing.snapshot(gate, "hosts.snapshot")
end)
