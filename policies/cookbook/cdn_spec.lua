--- cdn: one copy for everyone, or a copy for each origin.

local testing = require "moongate.testing"

describe("cdn", function()
  local gate = testing.load "cdn.lua"
  local APP = "https://app.example.com"

  it("answers everyone alike where it is public", function()
    for _, origin in ipairs { APP, "https://any.example", "null" } do
      local answer = gate:request("GET /assets/logo.svg", { origin = origin })
      assert.has_field(answer, "Access-Control-Allow-Origin", "*")
      assert.has_field(answer, "Timing-Allow-Origin", "*")
      assert.is_not.has_field(answer, "Vary")
    end
    assert.has_field(gate:request("GET /assets/logo.svg"), "Access-Control-Allow-Origin", "*")
  end)

  it("names Origin in Vary where it looks at it, whoever asks", function()
    for _, origin in ipairs { APP, "https://stranger.example", false } do
      assert.varies_on(gate:request("GET /feed", { origin = origin or nil }), "Origin")
    end
  end)

  testing.snapshot(gate, "cdn.snapshot")
end)
