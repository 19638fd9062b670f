--- mock: which prepared answer is found, and how it is filled.

local testing = require "moongate.testing"

local function policy(responses)
  return 'plugin "mock" { responses = ' .. responses .. " }\n" .. [[
resource "/users/{id}" { cors = { origins = { "https://app.example" } },
  methods = { "GET", "DELETE", "POST" }, handler = plugin "mock" }
]]
end

describe("mock", function()
  local gate = testing.load { plugins = "..", text = policy [[{
    ["GET /users/{id}"] = { body = '{"id":"{id}","of":"{nobody}"}' },
    ["GET /users/0"] = { status = 410, fields = { ["X-Why"] = "gone" } },
    DELETE = { status = 204 },
  }]] }

  it("fills a prepared answer from the path, for pages that may", function()
    local fetched = gate:fetch { from = "https://app.example", url = "/users/7" }
    assert.readable(fetched)
    assert.equal('{"id":"7","of":"{nobody}"}', fetched.body)
    assert.has_field(fetched, "Content-Type", "application/json")
  end)

  it("prefers a path to a pattern, and a pattern to a method", function()
    local gone = gate:request("GET /users/0")
    assert.has_status(gone, 410)
    assert.has_field(gone, "X-Why", "gone")
    assert.has_status(gate:request("DELETE /users/0"), 204)
  end)

  it("answers HEAD as GET, without a body", function()
    local answer = gate:request("HEAD /users/7")
    assert.has_status(answer, 200)
    assert.equal("", answer.body)
  end)

  it("says what is missing", function()
    local answer = gate:request("POST /users/7")
    assert.has_status(answer, 404)
    assert.equal("no answer is prepared for POST /users/7\n", answer.body)
  end)

  it("tells at load what is no answer", function()
    local faults = testing.faults { plugins = "..", text = policy '{ ["GET /users/7"] = "hello" }' }
    assert.is_truthy(faults[1].message:find('responses["GET /users/7"] is a string', 1, true))
  end)
end)
