--- maintenance, through the real server.

local wire = require("tests.wire.support")

local POLICY = [[
plugin "maintenance" { token = "s3cret", retry_after = "2m", resources = "*" }
resource "/-/maintenance" { methods = { "GET", "PUT", "DELETE" }, handler = plugin "maintenance" }
resource "/a" {
  cors = { origins = { "https://app.example" }, methods = { "PUT" } },
  handler = respond { status = 200, body = "ok" },
}
]]

describe("maintenance", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY, arguments = { "--plugins", wire.plugins } })
  end)
  teardown(function()
    server:stop()
  end)

  local function switch(method, token)
    return server:ask(method .. " /-/maintenance",
      { "Host: h.example", token and "Authorization: Bearer " .. token })
  end
  local function get()
    return server:ask("GET /a", { "Host: h.example", "Origin: https://app.example" })
  end

  it("is off at first, and nobody moves the switch without the token", function()
    assert.equal(200, get().status)
    assert.equal(401, switch("PUT").status)
    assert.equal(401, switch("PUT", "guess").status)
    assert.equal(200, get().status)
  end)

  it("closes with a 503 that a script can read, for all workers, and opens again", function()
    assert.equal("on\n", switch("PUT", "s3cret").body)
    for _ = 1, 8 do
      local closed = get()
      assert.equal(503, closed.status)
      assert.equal("120", closed:get("Retry-After"))
      assert.equal("https://app.example", closed:get("Access-Control-Allow-Origin"))
    end
    local preflight = server:ask("OPTIONS /a", { "Host: h.example",
      "Origin: https://app.example", "Access-Control-Request-Method: PUT" })
    assert.equal(204, preflight.status)
    assert.equal("on\n", switch("GET", "s3cret").body)
    assert.equal("off\n", switch("DELETE", "s3cret").body)
    assert.equal(200, get().status)
  end)
end)
