--- read-for-all: who may only read is refused before the handler sees a change.

local testing = require "moongate.testing"

describe("read-for-all", function()
  local gate = testing.load "read-for-all.lua"
  local APP, ANY = "https://app.example.com", "https://any.example"

  testing.matrix(gate, {
    { "GET /articles/7",    from = ANY, "readable" },
    { "PUT /articles/7",    from = APP, headers = "content-type", "readable" },
    { "DELETE /articles/7", from = APP, "readable" },
    { "PUT /articles/7",    from = ANY, "blocked: method-denied" },
    { "PUT /articles/7",    from = APP, headers = "x-debug", "blocked: header-denied" },
    { "DELETE /articles/7", from = ANY, "status: 403" }, -- what needs no browser to be sent
    { "GET /articles/7",    "status: 200" },
  })

  it("says why", function()
    local answer = gate:request("DELETE /articles/7", { origin = ANY })
    assert.denied(answer, "read-only")
    assert.decided_by(answer, "read-for-all.lua:21")
  end)

  testing.snapshot(gate, "read-for-all.snapshot", { origins = { APP } })
end)
