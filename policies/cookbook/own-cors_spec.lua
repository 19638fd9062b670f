--- own-cors: nothing is added, nothing is taken away.

local testing = require "moongate.testing"

describe("own-cors", function()
  local gate = testing.load { policies = "own-cors.lua", upstream = function(req)
    return { status = req.method == "OPTIONS" and 204 or 200,
      fields = { ["Access-Control-Allow-Origin"] = "https://its-own.example", Vary = "Accept" } }
  end }

  it("hands preflights on, and passes the application's fields", function()
    for _, answer in ipairs { gate:preflight("POST /legacy/a", { origin = "https://any.example" }),
      gate:request("GET /legacy/a", { origin = "https://any.example" }) } do
      assert.has_field(answer, "Access-Control-Allow-Origin", "https://its-own.example")
      assert.has_field(answer, "Vary", "Accept")
      assert.equal("cors-off", answer.reason)
    end
  end)

  it("leaves the page to the application's mercy", function()
    assert.readable(gate:fetch { from = "https://its-own.example", url = "/legacy/a" })
    assert.blocked(gate:fetch { from = "https://any.example", url = "/legacy/a" }, "acao-mismatch")
  end)

  it("still knows its methods", function()
    assert.has_status(gate:request("PUT /legacy/a"), 405)
  end)

  testing.snapshot(gate, "own-cors.snapshot")
end)
