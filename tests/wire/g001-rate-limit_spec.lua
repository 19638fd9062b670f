--- rate-limit, through the real server.

local wire = require("tests.wire.support")

local POLICY = [[
plugin "rate-limit" { requests = 3, window = "30s", per = "origin",
  resources = { "/limited" } }
local cors = { origins = { "https://a.example", "https://b.example" }, methods = { "PUT" },
  expose = { "Retry-After" } }
resource "/limited" { cors = cors, handler = respond { status = 200, body = "ok" } }
resource "/free" { cors = cors, handler = respond { status = 200, body = "ok" } }
]]

describe("rate-limit", function()
  local server
  before_each(function()
    server = wire.start({ policy = POLICY, arguments = { "--plugins", wire.plugins } })
  end)
  after_each(function()
    server:assert_alive()
    server:stop()
  end)

  local function get(path, origin)
    return server:ask("GET " .. path, { "Host: h.example", origin and "Origin: " .. origin })
  end

  it("answers 429 with Retry-After beyond the limit, and a script can read it", function()
    for _ = 1, 3 do
      assert.equal(200, get("/limited", "https://a.example").status)
    end
    local refused = get("/limited", "https://a.example")
    assert.equal(429, refused.status)
    assert.equal("https://a.example", refused:get("Access-Control-Allow-Origin"))
    assert.equal("Retry-After", refused:get("Access-Control-Expose-Headers"))
    local seconds = tonumber(refused:get("Retry-After"))
    assert.is_true(seconds >= 1 and seconds <= 30)
  end)

  it("never refuses preflights", function()
    for _ = 1, 6 do
      local answer = server:ask("OPTIONS /limited", { "Host: h.example",
        "Origin: https://a.example", "Access-Control-Request-Method: PUT" })
      assert.equal(204, answer.status)
    end
  end)

  it("leaves resources alone that it is not used for", function()
    for _ = 1, 6 do
      assert.equal(200, get("/free", "https://a.example").status)
    end
  end)
end)
