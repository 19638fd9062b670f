--- maintenance: closed and open, and who may move the switch.

local testing = require "moongate.testing"

local function load(settings)
  return testing.load { plugins = "..", text = 'plugin "maintenance" { resources = "*", '
    .. settings .. " }\n" .. [[
resource "/a" { cors = { origins = { "https://app.example" }, methods = { "PUT" } },
  handler = respond { status = 200, body = "ok" } }
resource "/-/maintenance" { methods = { "GET", "PUT", "DELETE" },
  handler = plugin "maintenance" }
]] }
end

describe("maintenance", function()
  local APP = "https://app.example"
  local TOKEN = { authorization = "Bearer secret" }

  it("is open at first, and closed where it is configured so", function()
    assert.has_status(load(""):request("GET /a"), 200)
    assert.has_status(load("on = true"):request("GET /a"), 503)
  end)

  it("closes with a 503 that a script can read", function()
    local gate = load 'on = true, retry_after = "90s"'
    local fetched = gate:fetch { from = APP, url = "/a", method = "PUT" }
    assert.readable(fetched)
    assert.has_status(fetched, 503)
    assert.has_field(fetched, "Retry-After", "90")
    assert.has_field(fetched, "Cache-Control", "no-store")
  end)

  it("lets nobody move the switch without the token", function()
    for _, headers in ipairs({ {}, { authorization = "Bearer wrong" } }) do
      local gate = load 'token = "secret"'
      local answer = gate:request("PUT /-/maintenance", { headers = headers })
      assert.has_status(answer, 401)
      assert.has_field(answer, "WWW-Authenticate", "Bearer")
      assert.has_status(gate:request("GET /a"), 200)
    end
    assert.has_status(load(""):request("PUT /-/maintenance",
      { headers = { authorization = "Bearer " } }), 401)
  end)

  it("is moved by PUT and DELETE, and stays reachable", function()
    local gate = load 'token = "secret"'
    local function switch(method)
      return gate:request(method .. " /-/maintenance", { headers = TOKEN }).body
    end
    assert.equal("off\n", switch("GET"))
    assert.equal("on\n", switch("PUT"))
    assert.has_status(gate:request("GET /a"), 503)
    assert.equal("on\n", switch("GET"))
    assert.equal("off\n", switch("DELETE"))
    assert.has_status(gate:request("GET /a"), 200)
  end)
end)
