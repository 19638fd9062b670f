--- deny-all: nothing of it is for other origins.

local testing = require "moongate.testing"

describe("deny-all", function()
  local gate = testing.load "deny-all.lua"
  local ANY = "https://any.example"

  testing.matrix(gate, {
    { "GET /internal/users",    from = ANY,    "denied: no-rule" },
    { "DELETE /internal/users", from = ANY,    "denied: no-rule" },
    { "POST /internal/users",   from = "null", "denied: no-rule" },
    { "GET /internal/users",    from = ANY,    "blocked: acao-missing" },
    { "DELETE /internal/users", from = ANY,    "blocked: acao-missing" },
    { "PUT /internal/users",    "status: 405" },
    { "GET /internal/users",    "status: 200" },
  })

  it("answers a simple request all the same: only reading is for its own pages", function()
    local answer = gate:request("POST /internal/users", { origin = ANY })
    assert.has_status(answer, 200)
    assert.is_not.has_field(answer, "Access-Control-Allow-Origin")
  end)

  it("is open to its own pages", function()
    assert.readable(gate:fetch { from = "https://api.example", url = "/internal/users",
      method = "DELETE", credentials = "include" })
  end)

  testing.snapshot(gate, "deny-all.snapshot")
end)
