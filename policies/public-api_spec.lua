--- public-api: the same answer for everyone, so that any cache may keep it.

local testing = require "moongate.testing"
local gen = testing.gen

describe("public-api", function()
  local gate = testing.load "public-api.lua"
  local ANY = "https://any.example"

  testing.matrix(gate, {
    { "GET /public/rates",  from = ANY,    "readable" },
    { "GET /public/rates",  from = "null", "readable" },
    { "HEAD /public/rates", from = ANY,    "readable" },
    { "PUT /public/rates",  from = ANY,    "blocked: method-denied" },
    { "GET /public/rates",  from = ANY, headers = "x-debug", "blocked: header-denied" },
    -- "*" is never for who is logged in
    { "GET /public/rates",  from = ANY, credentials = "include",
      "blocked: acao-wildcard-credentials" },
    { "POST /public/rates", "status: 405" },
  })

  testing.property("answers everyone alike", { gen.origin() }, function(origin)
    local answer = gate:request("GET /public/rates", { origin = origin })
    assert.has_field(answer, "Access-Control-Allow-Origin", "*")
    assert.is_not.has_field(answer, "Vary")
  end)

  it("exposes what lists need", function()
    assert.exposes(gate:request("GET /public/rates", { origin = ANY }),
      { "ETag", "Link", "X-Total-Count" })
  end)

  testing.snapshot(gate, "public-api.snapshot")
end)
