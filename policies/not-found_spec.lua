--- not-found: a mistyped path is a 404 that scripts can read, whoever asks.

local testing = require "moongate.testing"

describe("not-found", function()
  local gate = testing.load "not-found.lua"

  it("lets any page read the 404", function()
    local fetched = gate:fetch { from = "https://any.example", url = "/mistyped" }
    assert.readable(fetched)
    assert.has_status(fetched, 404)
    assert.is_truthy(fetched.body:find("Try /public/rates", 1, true))
  end)

  it("answers a preflight for what is not there, so that the 404 is seen at all", function()
    local fetched = gate:fetch { from = "https://any.example", url = "/mistyped", method = "PUT" }
    assert.readable(fetched)
    assert.equal("sent", fetched.preflight)
  end)

  it("goes behind any other resource", function()
    local both = testing.load { policies = { "not-found.lua", "public-api.lua" } }
    assert.equal("/public/{rest...}", both:request("GET /public/rates").resource)
    assert.equal("/{rest...}", both:request("GET /publik/rates").resource)
  end)

  testing.snapshot(gate, "not-found.snapshot")
end)
