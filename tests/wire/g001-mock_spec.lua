--- mock, through the real server.

local wire = require("tests.wire.support")

local POLICY = [[
plugin "mock" { responses = {
  ["GET /users/{id}"] = { body = '{"id":"{id}"}' },
  ["GET /users/0"] = { status = 404, body = "nobody" },
  ["DELETE"] = { status = 204 },
} }
resource "/users/{id}" {
  methods = { "GET", "PUT", "DELETE" }, handler = plugin "mock",
  cors = { origins = { "https://app.example" } },
}
]]

describe("mock", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY, arguments = { "--plugins", wire.plugins } })
  end)
  teardown(function()
    server:stop()
  end)

  local function ask(line)
    return server:ask(line, { "Host: h.example", "Origin: https://app.example" })
  end

  it("fills a prepared answer from the path", function()
    local answer = ask("GET /users/7")
    assert.equal(200, answer.status)
    assert.equal('{"id":"7"}', answer.body)
    assert.equal("application/json", answer:get("Content-Type"))
    assert.equal("https://app.example", answer:get("Access-Control-Allow-Origin"))
  end)

  it("prefers a path to a pattern, and a pattern to a method", function()
    assert.equal(404, ask("GET /users/0").status)
    assert.equal(204, ask("DELETE /users/7").status)
  end)

  it("answers HEAD as GET, without a body", function()
    assert.equal(200, ask("HEAD /users/7").status)
  end)

  it("says what is missing", function()
    local answer = ask("PUT /users/7")
    assert.equal(404, answer.status)
    assert.equal("no answer is prepared for PUT /users/7\n", answer.body)
  end)

  it("tells at load what is no answer", function()
    local status, _, err = wire.run({ "check", "--policy", "POLICY", "--plugins", wire.plugins },
      { policy = 'plugin "mock" { responses = { GET = "x" } }\nresource "/a" {}' })
    assert.equal(3, status)
    assert.is_truthy(err:find('responses["GET"] is a string', 1, true))
  end)
end)
