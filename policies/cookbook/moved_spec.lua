--- moved: a browser follows, method and all.

local testing = require "moongate.testing"

describe("moved", function()
  local gate = testing.load "moved.lua"
  local APP = "https://app.example.com"

  it("is followed by a PUT, with a preflight at both places", function()
    local fetched = gate:fetch { from = APP, url = "/v1/items", method = "PUT", body = "{}" }
    assert.readable(fetched)
    local sent = {}
    for i, exchange in ipairs(fetched.exchanges) do
      sent[i] = exchange.request.method .. " " .. exchange.request.path .. " " .. exchange.status
    end
    assert.same({ "OPTIONS /v1/items 204", "PUT /v1/items 308", "OPTIONS /v3/items 204",
      "PUT /v3/items 200" }, sent)
  end)

  it("stays closed to strangers", function()
    assert.blocked(gate:fetch { from = "https://stranger.example", url = "/v1/items" },
      "acao-missing")
  end)

  testing.snapshot(gate, "moved.snapshot")
end)
