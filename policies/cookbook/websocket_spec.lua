--- websocket: whose handshake is let through. The server's own origin is told to it, since with
-- "reject" nothing may be guessed.

local testing = require "moongate.testing"

describe("websocket", function()
  local gate = testing.load { policies = "websocket.lua",
    config = { public_origin = "https://api.example" } }

  local function handshake(origin)
    return gate:request("GET /live", { origin = origin, headers = { Connection = "Upgrade",
      Upgrade = "websocket", ["Sec-WebSocket-Version"] = "13",
      ["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA==", Cookie = "session=1" } })
  end

  it("lets the application's and our own pages through", function()
    assert.has_status(handshake("https://app.example.com"), 200)
    assert.has_status(handshake("https://api.example"), 200)
  end)

  it("refuses every other page", function()
    for _, origin in ipairs { "https://stranger.example", "null", "http://app.example.com" } do
      assert.has_status(handshake(origin), 403)
    end
  end)

  it("lets clients through that are no pages", function()
    assert.has_status(handshake(nil), 200)
  end)

  testing.snapshot(gate, "websocket.snapshot")
end)
