--- A spec that touches a part of orders.lua: what coverage says of it is held to coverage.*.

local testing = require "moongate.testing"

describe("partial", function()
  local gate = testing.load "orders.lua"

  it("asks for a little", function()
    assert.allowed(gate:preflight("PUT /orders/7", { origin = "https://app.example" }))
    assert.denied(gate:preflight("PUT /orders/7", { origin = "null" }))
    assert.denied(gate:preflight("PUT /orders/frozen", { origin = "https://app.example" }))
    assert.readable(gate:fetch { from = "https://any.example", url = "/rates" })
  end)
end)
