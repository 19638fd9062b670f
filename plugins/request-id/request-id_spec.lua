--- request-id, the plugin in C, as it is built beside the program.

local testing = require "moongate.testing"

local BUILT = (os.getenv("MOONGATE") or "build/dev/moongate"):match("^(.*)/") .. "/plugins"

local function load(settings)
  return testing.load { plugins = BUILT, text = 'plugin "request-id" { ' .. settings .. " }\n" .. [[
resource "/a" { cors = { origins = { "https://app.example" }, methods = { "PUT" } },
  handler = respond { status = 200, body = "ok" } }
]] }
end

describe("request-id", function()
  local gate = load ""

  local function id(given)
    return gate:request("GET /a", { headers = { ["X-Request-ID"] = given } }):get("X-Request-ID")
  end

  it("marks each answer, errors too, with an id of its own", function()
    local one, other = id(), id()
    assert.is_truthy(#one >= 16)
    assert.are_not.equal(one, other)
    assert.has_field(gate:request("PATCH /a"), "X-Request-ID")
  end)

  it("takes over a harmless one, and no other", function()
    assert.equal("abc-123", id("abc-123"))
    assert.are_not.equal("a b<script>", id("a b<script>"))
  end)

  it("makes its own where it is told to", function()
    local strict = load "keep_incoming = false"
    local answer = strict:request("GET /a", { headers = { ["X-Request-ID"] = "abc-123" } })
    assert.are_not.equal("abc-123", answer:get("X-Request-ID"))
  end)

  it("leaves preflights alone", function()
    assert.is_not.has_field(gate:preflight("PUT /a", { origin = "https://app.example" }),
      "X-Request-ID")
  end)
end)
