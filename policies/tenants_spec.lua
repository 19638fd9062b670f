--- tenants: a resource for each, made in a loop.

local testing = require "moongate.testing"

describe("tenants", function()
  local gate = testing.load "tenants.lua"
  local ACME, ADMIN = "https://acme.example", "https://admin.acme.example"
  local GLOBEX, INITECH = "https://shop.globex.example", "https://initech.example"

  testing.matrix(gate, {
    { "PUT /tenants/acme/users",    from = ACME,    headers = "x-request-id", "allowed" },
    { "DELETE /tenants/acme/users", from = ADMIN,   "allowed" },
    { "GET /tenants/globex/users",  from = GLOBEX,  "readable" },
    { "PUT /tenants/initech/users", from = INITECH, credentials = "include", "readable" },
    -- globex may only read
    { "PUT /tenants/globex/users",  from = GLOBEX,  "blocked: method-denied" },
    { "POST /tenants/globex/users", "status: 405" },
    -- nobody reads another tenant's
    { "GET /tenants/globex/users",  from = ACME,    "denied: origin-denied" },
    { "GET /tenants/acme/users",    from = GLOBEX,  "denied: origin-denied" },
    -- and nobody learns who exists
    { "GET /tenants/umbrella/users", from = ACME,   "denied: no-rule" },
    { "GET /tenants/umbrella/users", "status: 404" },
  })

  testing.snapshot(gate, "tenants.snapshot")
end)
