--- What moongate.testing promises, by itself.

local engine = require "moongate.engine"
local testing = require "moongate.testing"
local gen = testing.gen

local APP = "https://app.example"

describe("a gate", function()
  local gate
  before_each(function()
    gate = testing.load "orders.lua"
  end)

  it("takes a line or a table, and a whole URL as path", function()
    local one = gate:request("GET /rates", { origin = APP })
    local other = gate:request({ method = "GET", path = "https://other.example/rates",
      origin = APP })
    assert.equal(one.status, other.status)
    assert.equal("other.example", other.request.host)
  end)

  it("sends fields by name, as lines, and as pairs", function()
    gate:upstream(function(req)
      return { body = req:get("x-a") .. req:get("X-B") .. req:get("x-c") }
    end)
    assert.equal("123", gate:request("GET /rates",
      { headers = { ["X-A"] = 1, "X-B: 2", { "X-C", 3 } } }).body)
  end)

  it("hands the upstream the request, and takes its answer", function()
    gate:upstream(function(req)
      return { status = 201, fields = { { "X-Way", "a" }, { "X-Way", "b" },
        { "Access-Control-Allow-Origin", "https://evil.example" } },
        body = table.concat({ req.method, req.path, req.query, req.body }, " ") }
    end)
    local answer = gate:request("PUT /orders/7?a=b", { origin = APP, body = "{}" })
    assert.has_status(answer, 201)
    assert.equal("PUT /orders/7 a=b {}", answer.body)
    assert.equal("a, b", answer:get("x-way"))
    assert.has_field(answer, "Access-Control-Allow-Origin", APP)
    assert.is_false(answer.stand_in)
    gate:upstream(nil)
    assert.is_true(gate:request("GET /rates").stand_in)
  end)

  it("passes on what the upstream's function raises, and is as it was", function()
    gate:upstream(function()
      error({ mine = true })
    end)
    local ok, raised = pcall(gate.request, gate, "GET /rates")
    assert.is_false(ok)
    assert.is_true(raised.mine)
    gate:upstream(function()
      return { status = 99 }
    end)
    assert.has_error(function()
      gate:request("GET /rates")
    end)
    gate:upstream(nil)
    assert.has_status(gate:request("GET /rates"), 200)
  end)

  it("does not answer its own upstream, and says so", function()
    gate:upstream(function()
      return { body = gate:request("GET /rates").body }
    end)
    local ok, raised = pcall(gate.request, gate, "GET /rates")
    assert.is_false(ok)
    assert.is_truthy(raised:find("the gate is answering a request", 1, true), raised)
    local other = testing.load "orders.lua"
    gate:upstream(function()
      return { body = tostring(other:request("GET /rates").status) }
    end)
    assert.equal("200", gate:request("GET /rates").body)
  end)

  it("costs the same each time", function()
    local function cost()
      return gate:preflight("PUT /orders/frozen", { origin = APP }).instructions
    end
    assert.is_true(cost() > 0)
    assert.equal(cost(), cost())
    assert.equal(0, gate:request("GET /rates", { origin = APP }).instructions)
  end)

  it("tells of a fault each time, not once in a while", function()
    for _ = 1, 2 do
      local answer = gate:preflight("PUT /orders/broken", { origin = APP })
      assert.denied(answer, "script-error")
      assert.equal("hook failed", answer.log[1].event)
      assert.equal("orders.lua", answer.log[1].file)
    end
  end)

  it("refuses what a server refuses", function()
    assert.has_status(gate:request("GET /rates", { headers = { "Origin: a", "Origin: b" } }), 200)
    assert.equal("bad-request", gate:request("GET rates").decision)
    assert.has_status(gate:request("GET /" .. ("a"):rep(9000)), 414)
  end)

  it("has a clock that stands still, and is moved", function()
    assert.equal(1767225600, gate:clock())
    assert.equal(1767225690, gate:clock("+90s"))
    assert.equal(1767229290, gate:clock("+1h"))
    assert.equal(86400, gate:clock(86400))
    assert.equal("Fri, 02 Jan 1970 00:00:00 GMT", gate:request("GET /rates"):get("Date"))
    assert.has_error(function()
      gate:clock("soon")
    end)
  end)

  it("swaps policies, and keeps the old ones where the new have a fault", function()
    gate:swap { text = 'resource "/new" { handler = respond { status = 200 } }' }
    assert.has_status(gate:request("GET /new"), 200)
    assert.has_status(gate:request("GET /rates"), 404)
    assert.has_error(function()
      gate:swap { text = "resource" .. ' "/new" { methods = 7 }' }
    end)
    assert.has_status(gate:request("GET /new"), 200)
  end)

  it("lists its resources", function()
    local resources = gate:resources()
    assert.equal(3, #resources)
    assert.same({ "https://*.partner.example", APP }, (function(origins)
      table.sort(origins)
      return origins
    end)(resources[1].origins))
    assert.is_true(resources[2].public)
    assert.equal("same-origin", resources[3].cors)
  end)

  it("prints the request as a curl command", function()
    local asked = gate:request("PUT /orders/it's", { origin = APP, body = "{}" })
    assert.equal([[curl -i -X PUT 'https://api.example/orders/it'\''s' -H ]]
      .. [['Origin: https://app.example' --data-binary '{}']], asked:curl())
  end)
end)

describe("a browser", function()
  it("remembers preflights by the gate's clock, origin and credentials", function()
    local gate = testing.load "orders.lua"
    local browser = gate:browser { from = APP }
    local function put(credentials)
      return browser:fetch({ url = "/orders/7", method = "PUT",
        credentials = credentials }).preflight
    end
    assert.same({ "sent", "cached", "sent", "cached" },
      { put(), put(), put("include"), put("include") })
    assert.equal("sent", gate:browser { from = APP }:fetch {
      url = "/orders/7", method = "PUT" }.preflight)
    gate:clock("+601s")
    assert.equal("sent", put())
  end)

  it("differs by name", function()
    local gate = testing.load { text = [[
resource "/a" { methods = { "PUT" }, cors = { origins = { "https://app.example" },
  max_age = 86400 }, handler = respond { status = 200 } }
]] }
    local function second(name)
      local browser = gate:browser { name = name, from = APP }
      browser:fetch { url = "/a", method = "PUT" }
      gate:clock("+7201s")
      return browser:fetch { url = "/a", method = "PUT" }.preflight
    end
    assert.same({ "sent", "cached", "sent" }, { second("chromium"), second("firefox"),
      second("webkit") })
  end)

  it("follows redirects, and sends what a page's body is", function()
    local gate = testing.load { text = [[
resource "/moved" { methods = { "POST" }, cors = { origins = { "https://app.example" } },
  handler = respond { status = 303, fields = { Location = "/there" } } }
resource "/there" { methods = { "GET" }, cors = { origins = { "https://app.example" } },
  handler = respond { status = 200, body = "here" } }
]] }
    local fetched = gate:fetch { from = APP, url = "/moved", method = "POST", body = "a=b",
      body_kind = "url-search-params" }
    assert.readable(fetched)
    assert.equal("here", fetched.body)
    assert.same({ "POST", "GET" }, { fetched.exchanges[1].request.method,
      fetched.exchanges[2].request.method })
  end)

  it("knows what a script may not do", function()
    local gate = testing.load "orders.lua"
    local fetched = gate:fetch { from = APP, url = "/rates", headers = { Cookie = "a=b" } }
    assert.readable(fetched)
    assert.same({ "cookie" }, fetched.dropped)
    local forbidden = gate:fetch { from = APP, url = "/rates", method = "CONNECT" }
    assert.blocked(forbidden)
    assert.equal(0, #forbidden.exchanges)
  end)
end)

describe("configuration", function()
  it("has public origins, trusted proxies and limits", function()
    local gate = testing.load { policies = "orders.lua", config = {
      public_origin = APP, trusted_proxy = { "10.0.0.0/8" }, limits = { target_bytes = 64 } } }
    assert.equal("same-origin", gate:request("GET /orders/7", { origin = APP }).kind)
    assert.has_status(gate:request("GET /" .. ("a"):rep(99)), 414)
    gate:upstream(function(req)
      return { body = req.scheme .. " " .. req.remote_addr }
    end)
    local forwarded = { ["X-Forwarded-Proto"] = "https", ["X-Forwarded-For"] = "192.0.2.7" }
    assert.equal("https 192.0.2.7",
      gate:request("GET /rates", { remote = "10.1.2.3", headers = forwarded }).body)
    assert.equal("http 192.0.2.1",
      gate:request("GET /rates", { remote = "192.0.2.1", headers = forwarded }).body)
  end)

  it("has no other names, and says so", function()
    for _, what in ipairs({ { nothing = 1 }, { text = "", config = { nothing = 1 } },
      { text = "", config = { limits = { nothing = 1 } } },
      { text = "", config = { trusted_proxy = "nobody" } } }) do
      assert.has_error(function()
        testing.load(what)
      end)
    end
  end)

  it("tells faults to who expects them", function()
    local faults = testing.faults { text = 'resource "/a" { cors = { origins = {} } }',
      name = "none.lua" }
    assert.same({ "error", "origins-missing", "none.lua", 1 },
      { faults[1].severity, faults[1].code, faults[1].file, faults[1].line })
    assert.same({}, testing.faults "orders.lua")
  end)

  it("makes proxy the default where there is an upstream", function()
    local function handler(upstream)
      return testing.load { text = 'resource "/a" {}', upstream = upstream }:resources()[1].handler
    end
    assert.same({ "none", "proxy", "proxy" }, { handler(nil), handler(true), handler(function()
      return {}
    end) })
  end)
end)

describe("assertions", function()
  local gate = testing.load "orders.lua"

  it("take safelisted methods for granted, and no others", function()
    local answer = gate:preflight("PUT /orders/7", { origin = APP })
    assert.allows_methods(answer, "PUT")
    assert.allows_methods(answer, { "PUT", "GET" })
    assert.is_not.allows_methods(answer, { "GET" })
    assert.is_not.allows_methods(answer, { "PUT", "DELETE" })
  end)

  it("look at names without case, and at all of them", function()
    local answer = gate:request("GET /orders/7", { origin = APP })
    assert.exposes(answer, "etag")
    assert.is_not.exposes(answer, {})
    assert.is_not.exposes(answer, { "ETag", "Link" })
    assert.varies_on(answer, "origin")
  end)

  it("bind a cost to a version of Lua", function()
    local answer = gate:preflight("PUT /orders/frozen", { origin = APP })
    assert.costs_at_most(answer, 1, "Lua 5.3")
    assert.is_not.costs_at_most(answer, 1, _VERSION)
    assert.costs_at_most(answer, 1000)
  end)

  it("know a place by its file, with a line or without", function()
    local answer = gate:preflight("PUT /orders/frozen", { origin = APP })
    assert.decided_by(answer, "orders.lua:15")
    assert.decided_by(answer, "orders.lua")
    assert.is_not.decided_by(answer, "orders.lua:1")
    assert.is_not.decided_by(answer, "ders.lua:15")
  end)
end)

describe("generators", function()
  local random = require "moongate.testing.random"

  it("make the same of the same seed, and shrink towards something simpler", function()
    for name, generator in pairs({ origin = gen.origin { APP }, method = gen.method(),
      headers = gen.headers(), segment = gen.segment(), integer = gen.integer(1, 9) }) do
      local one, other = random.new(7), random.new(7)
      for _ = 1, 50 do
        local value = generator.sample(one)
        assert.same(value, generator.sample(other), name)
        for _, simpler in ipairs(generator.shrink and generator.shrink(value) or {}) do
          assert.are_not.same(value, simpler, name)
        end
      end
    end
  end)

  it("make the known origin, ones that look like it, and others", function()
    local rng, seen = random.new(1), { known = 0, close = 0, other = 0 }
    local origin = gen.origin { APP }
    for _ = 1, 300 do
      local value = origin.sample(rng)
      local kind = value == APP and "known" or value:find("app.example", 1, true) and "close"
        or "other"
      seen[kind] = seen[kind] + 1
    end
    assert.is_true(seen.known > 10 and seen.close > 50 and seen.other > 50)
  end)
end)

describe("the engine", function()
  it("refuses values of a wrong type, naming the field", function()
    for field, value in pairs({ paths = 7, plugins = true, public_origins = { {} }, limits = 7 }) do
      local ok, raised = pcall(engine.load, { [field] = value })
      assert.is_false(ok)
      assert.is_truthy(raised:find(field, 1, true), raised)
    end
    local gate = engine.load { text = 'resource "/" { handler = respond { status = 200 } }' }
    assert.has_error(function()
      gate:ask("GET / HTTP/1.1\r\n")
    end)
    assert.has_error(function()
      gate:fetch({ from = APP, url = "/", mode = "sideways" }, engine.browser())
    end)
    assert.has_error(function()
      engine.browser("mosaic")
    end)
  end)

  it("knows the sentence of each reason", function()
    assert.equal("The rule does not list the origin.", engine.reason("origin-denied"))
    assert.is_nil(engine.reason("order-frozen"))
  end)
end)

describe("what is written about the assertions", function()
  -- The checkout, where it is known: a copy of this folder has no documents.
  local root = os.getenv("MOONGATE_CHECKOUT")

  local function lines_of(path)
    return root and io.lines(root .. path) or pending("MOONGATE_CHECKOUT names no checkout")
  end

  local function known()
    local names = require("moongate.testing.assertions").names()
    table.sort(names)
    return names
  end

  it("has every one of them as an annotation, and no other", function()
    local annotated = {}
    for line in lines_of("/lua/moongate/assert.lua") do
      annotated[#annotated + 1] = line:match("^function assert%.([%w_]+)%(")
    end
    table.sort(annotated)
    assert.same(known(), annotated)
  end)

  it("has every one of them in the reference, and no other", function()
    local told, seen = {}, {}
    for line in lines_of("/docs/testing.md") do
      for name in (line:match("^| (`assert%..-) |") or ""):gmatch("`assert%.([%w_]+)%(") do
        told[#told + 1] = not seen[name] and name or nil
        seen[name] = true
      end
    end
    table.sort(told)
    assert.same(known(), told)
  end)
end)
