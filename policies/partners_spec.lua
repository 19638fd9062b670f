--- partners: what was agreed with each, and nothing for who only looks like one.

local testing = require "moongate.testing"
local gen = testing.gen

describe("partners", function()
  local gate = testing.load "partners.lua"
  local ADA, SHOP = "https://crm.partner.example", "https://shop.example.org"

  testing.matrix(gate, {
    { "PUT /partners/orders/7",    from = ADA,  headers = "content-type",  "allowed" },
    { "GET /partners/orders/7",    from = SHOP, headers = "authorization", "allowed" },
    { "DELETE /partners/orders/7", from = ADA,  "blocked: method-denied" },
    { "PUT /partners/orders/7",    from = SHOP, headers = "x-debug", "blocked: header-denied" },
    { "GET /partners/status",      from = ADA,  "readable" },
    { "GET /partners/status",      from = SHOP, "readable" },
    -- the pattern stands for the names below it
    { "GET /partners/orders/7", from = "https://partner.example", "denied: origin-denied" },
    { "GET /partners/orders/7", from = "http://crm.partner.example", "denied: origin-denied" },
    { "GET /partners/orders/7", from = "null", "denied: origin-null-denied" },
  })

  it("lets scripts read ETag, and no cookies come", function()
    local answer = gate:request("GET /partners/orders/7", { origin = ADA })
    assert.exposes(answer, { "ETag" })
    assert.is_not.allows_credentials(answer)
    assert.varies_on(answer, "Origin")
  end)

  it("is asked again after ten minutes", function()
    assert.max_age(gate:preflight("PUT /partners/orders/7", { origin = ADA }), 600)
    local browser = gate:browser { from = SHOP }
    local function put()
      return browser:fetch { url = "/partners/orders/7", method = "PUT" }.preflight
    end
    assert.equal("sent", put())
    gate:clock("+9m")
    assert.equal("cached", put())
    gate:clock("+2m")
    assert.equal("sent", put())
  end)

  it("says that all is well", function()
    local answer = gate:request("GET /partners/status", { origin = ADA })
    assert.equal('{"status":"ok"}', answer.body)
    assert.has_field(answer, "Cache-Control", "max-age=60")
  end)

  testing.property("lets no stranger in", { gen.origin { ADA, SHOP } }, function(origin)
    local answer = gate:request("GET /partners/orders/7", { origin = origin })
    local is_partner = origin == SHOP
      or origin:find("^https://[%l%d.-]+%.partner%.example$") ~= nil
    return (answer:get("Access-Control-Allow-Origin") == origin) == is_partner
  end)

  testing.snapshot(gate, "partners.snapshot")
end)
