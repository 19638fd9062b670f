--- request-id, the plugin in C, as it is built: through the real server.

local wire = require("tests.wire.support")

local POLICY = [[
plugin "request-id" {}
resource "/a" { cors = { origins = { "https://app.example" }, methods = { "PUT" } },
  handler = respond { status = 200, body = "ok" } }
]]

describe("request-id", function()
  local server
  setup(function()
    local built = wire.program():match("^(.*)/") .. "/plugins"
    server = wire.start({ policy = POLICY, arguments = { "--plugins", built } })
  end)
  teardown(function()
    server:stop()
  end)

  local function get(...)
    return server:ask("GET /a", { "Host: h.example", ... }):get("X-Request-Id")
  end

  it("gives each answer an id of its own", function()
    local first, second = get(), get()
    assert.is_truthy(first)
    assert.is_truthy(second)
    assert.not_equal(first, second)
  end)

  it("keeps a valid one that came with the request, and no other", function()
    assert.equal("abc-123", get("X-Request-Id: abc-123"))
    assert.not_equal("a b;c", get("X-Request-Id: a b;c"))
  end)

  it("leaves preflights alone", function()
    local answer = server:ask("OPTIONS /a", { "Host: h.example", "Origin: https://app.example",
      "Access-Control-Request-Method: PUT" })
    assert.equal(204, answer.status)
    assert.is_nil(answer:get("X-Request-Id"))
  end)
end)
