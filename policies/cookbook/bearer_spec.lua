--- bearer: the preflight never meets the authentication, and a 401 can be read.

local testing = require "moongate.testing"

describe("bearer", function()
  local APP = "https://app.example.com"
  local asked = {}
  local gate = testing.load { policies = "bearer.lua", upstream = function(req)
    asked[#asked + 1] = req.method
    if req:get("authorization") ~= "Bearer good" then
      return { status = 401, fields = { ["WWW-Authenticate"] = "Bearer" } }
    end
    return { body = "welcome" }
  end }

  local function fetch(token)
    return gate:fetch { from = APP, url = "/v2/me", headers = { Authorization = token } }
  end

  it("answers the preflight itself, and hands on the token", function()
    local fetched = fetch "Bearer good"
    assert.readable(fetched)
    assert.equal("welcome", fetched.body)
    assert.same({ "GET" }, asked)
  end)

  it("lets a page read that its token is not good", function()
    local fetched = fetch "Bearer old"
    assert.readable(fetched)
    assert.has_status(fetched, 401)
    assert.is_true(fetched:can_read("WWW-Authenticate"))
  end)

  testing.snapshot(gate, "bearer.snapshot")
end)
