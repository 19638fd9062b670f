--- csrf-guard, through the real server.

local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")

local POLICY = [[
plugin "csrf-guard" {}
resource "/orders" {
  cors = { origins = { "https://app.example" }, methods = { "POST", "PUT" } },
  handler = respond { status = 200, body = "done" },
}
]]

local function row(name, line, fields, status, reason)
  table.insert(fields, 1, "Host: api.example")
  return { name, line = line, fields = fields, status = status,
    log = reason and { reason = reason } }
end

local OURS, EVIL = "Origin: https://app.example", "Origin: https://evil.example"
local CROSS = "Sec-Fetch-Site: cross-site"

describe("csrf-guard", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY, arguments = { "--plugins", wire.plugins } })
  end)
  teardown(function()
    server:stop()
  end)

  for _, case in ipairs({
    row("a form of another site is refused", "POST /orders", { EVIL, CROSS }, 403, "csrf"),
    row("and one whose origin is opaque", "POST /orders", { "Origin: null", CROSS }, 403, "csrf"),
    row("and one without Origin", "POST /orders", { CROSS }, 403, "csrf"),
    row("and one of a sibling domain", "POST /orders",
      { EVIL, "Sec-Fetch-Site: same-site" }, 403, "csrf"),
    row("an old browser's form is known by its Origin", "POST /orders", { EVIL }, 403, "csrf"),
    row("an origin that the rule lists may post", "POST /orders", { OURS, CROSS }, 200),
    row("our own pages may", "POST /orders",
      { "Origin: https://api.example", "Sec-Fetch-Site: same-origin" }, 200),
    row("what a user typed or bookmarked may", "POST /orders", { "Sec-Fetch-Site: none" }, 200),
    row("clients that are no browsers may", "POST /orders", {}, 200),
    row("reading changes nothing", "GET /orders", { EVIL, CROSS }, 200, "origin-denied"),
  }) do
    it(case[1], function()
      rows.check(server, case)
    end)
  end

  it("leaves preflights to the rule", function()
    local answer = server:ask("OPTIONS /orders", { "Host: api.example", OURS,
      "Access-Control-Request-Method: PUT" })
    assert.equal(204, answer.status)
  end)

  it("tells caches what it has read", function()
    local answer = server:ask("POST /orders", { "Host: api.example", CROSS })
    assert.is_true(answer:list_has("Vary", "Sec-Fetch-Site"))
  end)
end)

describe("csrf-guard with same_site", function()
  it("lets sibling domains post", function()
    local server = wire.start({ policy = POLICY:gsub("{}", "{ same_site = true }", 1),
      arguments = { "--plugins", wire.plugins } })
    local answer = server:ask("POST /orders",
      { "Host: api.example", EVIL, "Sec-Fetch-Site: same-site" })
    assert.equal(200, answer.status)
    server:stop()
  end)
end)
