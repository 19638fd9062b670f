--- tenant-function: each tenant's own pages, decided for each request.

local testing = require "moongate.testing"

describe("tenant-function", function()
  local gate = testing.load "tenant-function.lua"
  local ACME, GLOBEX = "https://acme.example", "https://shop.globex.example"

  testing.matrix(gate, {
    { "PUT /t/acme/users",   from = ACME,   headers = "content-type", "allowed" },
    { "GET /t/globex/users", from = GLOBEX, "allowed" },
    { "PUT /t/acme/users",   from = ACME,   headers = "x-debug", "denied: header-denied" },
    { "DELETE /t/acme/users", from = ACME,  "denied: method-denied" },
    -- nobody reads another tenant's
    { "GET /t/acme/users",    from = GLOBEX, "denied: origin-denied" },
    { "PUT /t/globex/users",  from = ACME,   "denied: origin-denied" },
    { "GET /t/umbrella/users", from = ACME,  "denied: origin-denied" },
    { "GET /t/acme/users",    from = "null", "denied: origin-null-denied" },
    -- though the answer is made, and only kept from the page
    { "GET /t/acme/users",    from = GLOBEX, "status: 200" },
    -- a frozen tenant is refused whatever its rule says
    { "PUT /t/initech/users", from = ACME, "denied: tenant-frozen", at = "tenant-function.lua:24" },
    { "GET /t/initech/users", from = ACME, "denied: tenant-frozen", at = "tenant-function.lua:29" },
  })

  it("costs a look-up", function()
    assert.costs_at_most(gate:request("GET /t/acme/users", { origin = ACME }), 150)
  end)

  it("tells browsers what the tenant may do", function()
    local answer = gate:preflight("PUT /t/acme/users", { origin = ACME })
    assert.allows_methods(answer, { "GET", "POST", "PUT" })
    assert.allows_headers(answer, { "Content-Type" })
    assert.max_age(answer, 600)
    assert.is_not.allows_credentials(answer)
  end)

  it("refuses a frozen tenant before the handler sees it", function()
    assert.has_status(gate:request("POST /t/initech/users", { origin = ACME }), 403)
  end)

  testing.snapshot(gate, "tenant-function.snapshot")
end)
