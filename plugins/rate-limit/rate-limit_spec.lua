--- rate-limit: who is counted, what a script sees of it, and when it ends.

local testing = require "moongate.testing"

local function load(settings)
  return testing.load {
    plugins = "..",
    text = 'plugin "rate-limit" { ' .. settings .. ', resources = { "/limited" } }\n' .. [[
local cors = { origins = { "https://a.example", "https://b.example" }, methods = { "PUT" },
  expose = { "Retry-After" } }
resource "/limited" { cors = cors, handler = respond { status = 200, body = "ok" } }
resource "/free" { cors = cors, handler = respond { status = 200, body = "ok" } }
]] }
end

describe("rate-limit", function()
  local A, B = "https://a.example", "https://b.example"

  it("answers 429 beyond the limit, which a script can read", function()
    local gate = load 'requests = 3, window = "30s", per = "origin"'
    for _ = 1, 3 do
      assert.has_status(gate:request("GET /limited", { origin = A }), 200)
    end
    local refused = gate:fetch { from = A, url = "/limited" }
    assert.readable(refused)
    assert.has_status(refused, 429)
    assert.is_true(refused:can_read("Retry-After"))
    assert.equal("30", refused:get("Retry-After"))
  end)

  it("begins anew when the window is over", function()
    local gate = load 'requests = 1, window = "30s", per = "origin"'
    assert.has_status(gate:request("GET /limited", { origin = A }), 200)
    gate:clock("+29s")
    local refused = gate:request("GET /limited", { origin = A })
    assert.has_status(refused, 429)
    assert.equal("1", refused:get("Retry-After"))
    gate:clock("+1s")
    assert.has_status(gate:request("GET /limited", { origin = A }), 200)
  end)

  local function ask(gate, origin, remote)
    return gate:request("GET /limited", { origin = origin, remote = remote }).status
  end

  it("counts origins", function()
    local gate = load 'requests = 1, per = "origin"'
    assert.same({ 200, 429, 200 }, { ask(gate, A, "10.0.0.1"), ask(gate, A, "10.0.0.2"),
      ask(gate, B, "10.0.0.1") })
  end)

  it("counts addresses", function()
    local gate = load 'requests = 1, per = "address"'
    assert.same({ 200, 200, 429 }, { ask(gate, A, "10.0.0.1"), ask(gate, A, "10.0.0.2"),
      ask(gate, B, "10.0.0.1") })
  end)

  it("counts both together", function()
    local gate = load 'requests = 1, per = "both"'
    assert.same({ 200, 200, 200, 429 }, { ask(gate, A, "10.0.0.1"), ask(gate, A, "10.0.0.2"),
      ask(gate, B, "10.0.0.1"), ask(gate, A, "10.0.0.1") })
    assert.equal(200, ask(gate, nil, "10.0.0.1"))
  end)

  it("never refuses preflights", function()
    local gate = load 'requests = 1, per = "origin"'
    for _ = 1, 4 do
      assert.allowed(gate:preflight("PUT /limited", { origin = A }))
    end
  end)

  it("leaves resources alone that it is not used for", function()
    local gate = load 'requests = 1, per = "origin"'
    for _ = 1, 4 do
      assert.has_status(gate:request("GET /free", { origin = A }), 200)
    end
  end)

  it("keeps counting when policies are swapped", function()
    local gate = load 'requests = 1, per = "origin"'
    assert.equal(200, ask(gate, A))
    gate:swap { text = [[
plugin "rate-limit" { requests = 1, per = "origin" }
resource "/limited" { handler = respond { status = 200 } }
]] }
    assert.equal(429, ask(gate, A))
  end)
end)
