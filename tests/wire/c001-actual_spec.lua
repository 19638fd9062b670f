--- Actual requests: the fields of every answer, by kind, origin and rule.

local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")

local POLICY = [[
local one = { "https://a.example" }
local body = { status = 200, body = "ok", fields = { ["Content-Type"] = "text/plain" } }
resource "/plain" { cors = { origins = one }, handler = respond(body) }
resource "/full" { handler = respond(body), cors = {
  origins = { "https://a.example", "https://*.b.example", "http://localhost:*" },
  methods = { "PUT" }, headers = { "X-In" }, expose = { "X-Id", "ETag" },
  credentials = true, max_age = 600, insecure = true,
} }
resource "/star" { cors = { origins = "*", expose = { "X-Id" } }, handler = respond(body) }
resource "/star-expose" { cors = { origins = "*", expose = "*" }, handler = respond(body) }
resource "/null" { cors = { origins = { "null" } }, handler = respond(body) }
resource "/timing" { cors = { origins = one, timing = true }, handler = respond(body) }
resource "/star-timing" { cors = { origins = "*", timing = true }, handler = respond(body) }
resource "/reject" {
  cors = { origins = one, methods = { "PUT" }, on_denied = "reject" }, handler = "echo",
}
resource "/closed" { handler = respond(body) }
resource "/off" { cors = false, handler = respond(body) }
resource "/vary" { cors = { origins = one }, handler = respond {
  status = 200, fields = { Vary = "Accept-Encoding, ORIGIN" }, body = "ok" } }
resource "/star-vary" { cors = { origins = "*" }, handler = respond {
  status = 200, fields = { Vary = "Accept-Encoding" }, body = "ok" } }
resource "/vary-star" { cors = { origins = one }, handler = respond {
  status = 200, fields = { Vary = "*" }, body = "ok" } }
resource "/moved" { cors = { origins = one }, handler = respond {
  status = 302, fields = { Location = "/plain" } } }
resource "/no-content" { cors = { origins = one }, handler = respond { status = 204 } }
resource "/failed" { cors = { origins = one }, handler = respond { status = 500, body = "x" } }
resource "/none" { cors = { origins = one }, handler = "none" }
resource "/echo" { cors = { origins = one }, handler = "echo" }
]]

local FINE, EVIL = "Origin: https://a.example", "Origin: https://evil.example"
local PUBLIC = "https://self.example"
local READABLE = { ["Access-Control-Allow-Origin"] = "https://a.example" }

describe("actual request", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY, arguments = { "--public-origin", PUBLIC },
      limits = { ["body-bytes"] = 1000 } })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  local function get(path, ...)
    return { line = "GET " .. path, fields = { "Host: h.example", ... } }
  end

  local function check(name, request, expected)
    it(name, function()
      local row = { name }
      for _, part in ipairs({ request, expected }) do
        for key, value in pairs(part) do
          row[key] = value
        end
      end
      rows.check(server, row)
    end)
  end

  describe("of a listed origin:", function()
    check("ACAO and Vary, nothing more", get("/plain", FINE), { status = 200, body = "ok",
      equal = READABLE, has = { Vary = { "Origin" } },
      absent = { "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods",
        "Access-Control-Allow-Headers", "Access-Control-Max-Age",
        "Access-Control-Expose-Headers", "Timing-Allow-Origin" },
      log = { decision = "allow", reason = "simple-allowed", kind = "simple" } })
    check("credentials, expose in declared case and order", get("/full", FINE), { status = 200,
      equal = { ["Access-Control-Allow-Origin"] = "https://a.example",
        ["Access-Control-Allow-Credentials"] = "true",
        ["Access-Control-Expose-Headers"] = "X-Id, ETag" },
      absent = { "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
        "Access-Control-Max-Age" } })
    for _, origin in ipairs({ "https://x.b.example", "https://x.y.b.example", "http://localhost",
      "http://localhost:3000" }) do
      check("pattern: " .. origin .. " byte for byte", get("/full", "Origin: " .. origin),
        { status = 200, equal = { ["Access-Control-Allow-Origin"] = origin } })
    end
    check("null", get("/null", "Origin: null"),
      { status = 200, equal = { ["Access-Control-Allow-Origin"] = "null" } })
    check("timing", get("/timing", FINE),
      { status = 200, equal = { ["Timing-Allow-Origin"] = "https://a.example" } })
  end)

  describe("of another origin:", function()
    for _, origin in ipairs({ "https://evil.example", "http://a.example", "https://a.example:444",
      "https://a.example.evil.example", "https://xa.example" }) do
      check(origin .. ": served without CORS fields", get("/plain", "Origin: " .. origin),
        { status = 200, body = "ok", cors = false, has = { Vary = { "Origin" } },
          absent = { "Timing-Allow-Origin" },
          log = { decision = "deny", reason = "origin-denied" } })
    end
    for _, origin in ipairs({ "https://a.example/", "HTTPS://a.example", "https://A.example",
      "https://a.example:443", "https://a.example https://a.example", "a.example", "*",
      "https://a.example,https://b.example", "https://u@a.example", "https://a.example\xff",
      "https://a.example%2f", "https://" .. ("x"):rep(5000) .. ".example",
      "\"https://a.example\"" }) do
      check(wire.show(origin:sub(1, 60)) .. " is malformed", get("/plain", "Origin: " .. origin),
        { status = 200, cors = false, has = { Vary = { "Origin" } },
          log = { decision = "deny", reason = "origin-malformed" } })
    end
    check("empty Origin", get("/plain", "Origin:"), { status = 200, cors = false,
      log = { decision = "deny", reason = "origin-malformed" } })
    check("two Origin lines", get("/plain", FINE, FINE), { status = 200, cors = false,
      log = { decision = "deny", reason = "origin-malformed" } })
    check("null", get("/plain", "Origin: null"), { status = 200, cors = false,
      log = { decision = "deny", reason = "origin-null-denied" } })
    check("timing is withheld", get("/timing", EVIL), { status = 200,
      absent = { "Timing-Allow-Origin" } })
  end)

  describe("without Origin:", function()
    check("Vary", get("/plain"), { status = 200, cors = false, has = { Vary = { "Origin" } },
      log = { kind = "none", decision = "not-cors", reason = "no-origin" } })
  end)

  describe("under *:", function()
    for name, fields in pairs({ ["of any origin"] = { EVIL }, ["without Origin"] = {},
      ["with a malformed Origin"] = { "Origin: not an origin" }, ["with two"] = { FINE, EVIL },
      ["of null"] = { "Origin: null" } }) do
      check(name .. ": * and no Vary: Origin", get("/star", table.unpack(fields)), { status = 200,
        equal = { ["Access-Control-Allow-Origin"] = "*",
          ["Access-Control-Expose-Headers"] = "X-Id" },
        lacks = { Vary = { "Origin" } }, absent = { "Access-Control-Allow-Credentials" } })
    end
    check("expose *", get("/star-expose", EVIL), { status = 200,
      equal = { ["Access-Control-Expose-Headers"] = "*" } })
    check("timing *", get("/star-timing", EVIL), { status = 200,
      equal = { ["Timing-Allow-Origin"] = "*" } })
    check("the handler's Vary stays as it is", get("/star-vary", EVIL),
      { status = 200, equal = { Vary = "Accept-Encoding" } })
  end)

  describe("kind:", function()
    local function kind(name, method, fields, expected, content)
      check(name .. " is " .. expected, { line = method .. " /echo",
        fields = { "Host: h.example", "Origin: https://a.example", table.unpack(fields) },
        content = content }, { status = 200, equal = READABLE, log = { kind = expected } })
    end
    kind("GET", "GET", {}, "simple")
    kind("HEAD", "HEAD", {}, "simple")
    kind("POST", "POST", {}, "simple")
    kind("PUT", "PUT", {}, "preflighted")
    kind("PATCH", "PATCH", {}, "preflighted")
    kind("DELETE", "DELETE", {}, "preflighted")
    kind("a form", "POST", { "Content-Type: application/x-www-form-urlencoded" }, "simple")
    kind("a form with a charset", "POST", { "Content-Type: Text/Plain; charset=utf-8" }, "simple")
    kind("multipart", "POST", { "Content-Type: multipart/form-data; boundary=x" }, "simple")
    kind("JSON", "POST", { "Content-Type: application/json", "Content-Length: 2" }, "preflighted",
      "{}")
    kind("JSON in GET", "GET", { "Content-Type: application/json" }, "preflighted")
    kind("any other field", "POST", { "X-Custom: 1", "Authorization: x", "X-Forwarded-For: 1.2.3.4",
      "Range: bytes=-5", "Accept: \"(\"" }, "simple")
    kind("an asked method, on an actual request", "GET",
      { "Access-Control-Request-Method: PUT" }, "simple")
  end)

  describe("same-origin:", function()
    check("by --public-origin", get("/plain", "Origin: " .. PUBLIC),
      { status = 200, log = { kind = "same-origin", decision = "not-cors" } })
    check("by Sec-Fetch-Site", get("/plain", EVIL, "Sec-Fetch-Site: same-origin"),
      { status = 200, log = { kind = "same-origin" } })
    check("not by another Sec-Fetch-Site", get("/plain", EVIL, "Sec-Fetch-Site: same-site"),
      { status = 200, log = { kind = "simple", decision = "deny" } })
    check("not refused where others are", get("/reject", "Origin: " .. PUBLIC),
      { status = 200, log = { kind = "same-origin" } })
    check("on a resource without a rule", get("/closed", "Origin: " .. PUBLIC),
      { status = 200, log = { kind = "same-origin" } })
  end)

  describe("on_denied = reject:", function()
    check("another origin is 403 and not handled", get("/reject", EVIL), { status = 403,
      cors = false, has = { Vary = { "Origin" } },
      log = { decision = "deny", reason = "origin-denied", status = 403 } })
    check("a malformed origin is 403", get("/reject", "Origin: x"), { status = 403, cors = false })
    check("null is 403", get("/reject", "Origin: null"), { status = 403, cors = false })
    check("Host does not make an origin its own", { line = "GET /reject",
      fields = { "Host: evil.example", EVIL } }, { status = 403 })
    check("a listed origin is handled", get("/reject", FINE), { status = 200, equal = READABLE })
    check("no Origin is handled", get("/reject"), { status = 200, has = { Vary = { "Origin" } } })
    check("a method of the rule is handled", { line = "PUT /reject",
      fields = { "Host: h.example", FINE } }, { status = 200, equal = READABLE })
    check("a method outside the rule is 403", { line = "DELETE /reject",
      fields = { "Host: h.example", FINE } }, { status = 403, has = { Vary = { "Origin" } },
      log = { reason = "method-denied", decision = "deny" } })
    check("GET, HEAD and POST need not be listed", { line = "POST /reject",
      fields = { "Host: h.example", FINE } }, { status = 200 })
    check("a method the resource lacks is 405, whoever asks", { line = "PURGE /reject",
      fields = { "Host: h.example", FINE } }, { status = { 405, 501 } })
  end)

  describe("without a rule:", function()
    check("another origin is served without CORS fields", get("/closed", EVIL),
      { status = 200, cors = false, log = { decision = "deny", reason = "no-rule" } })
    check("cors = false: nothing is added", get("/off", FINE), { status = 200, cors = false,
      absent = { "Vary" } })
  end)

  describe("whatever the status:", function()
    for _, row in ipairs({ { "/moved", 302 }, { "/no-content", 204 }, { "/failed", 500 },
      { "/none", 404 } }) do
      check(row[2] .. " is readable by a listed origin", get(row[1], FINE), { status = row[2],
        equal = READABLE, has = { Vary = { "Origin" } } })
      check(row[2] .. " to another origin", get(row[1], EVIL), { status = row[2], cors = false,
        has = { Vary = { "Origin" } } })
    end
    check("413 is readable by a listed origin", { line = "POST /echo",
      fields = { "Host: h.example", FINE, "Content-Length: 1001" }, content = ("x"):rep(1001) },
      { status = 413, equal = READABLE, has = { Vary = { "Origin" } } })
    check("413 in chunks too", { line = "POST /echo",
      fields = { "Host: h.example", FINE, "Transfer-Encoding: chunked" },
      content = "3e9\r\n" .. ("x"):rep(1001) .. "\r\n0\r\n\r\n" },
      { status = 413, equal = READABLE, has = { Vary = { "Origin" } } })
    check("413 to another origin", { line = "POST /echo",
      fields = { "Host: h.example", EVIL, "Content-Length: 1001" }, content = ("x"):rep(1001) },
      { status = 413, cors = false, has = { Vary = { "Origin" } } })
  end)

  describe("Vary of the handler:", function()
    check("is merged by token", get("/vary", FINE), { status = 200,
      has = { Vary = { "Origin", "Accept-Encoding" } }, log = { decision = "allow" } })
    it("has each member once", function()
      local answer = server:ask("GET /vary", { "Host: a", FINE })
      assert.equals(2, #answer:list("Vary"), answer:get("Vary"))
    end)
    check("* stays alone", get("/vary-star", FINE), { status = 200, equal = { Vary = "*" } })
  end)
end)

describe("default resource", function()
  it("makes the 404 of an unmatched path readable", function()
    local server = wire.start({ policy = [[
resource "/r" { methods = { "GET" }, handler = "echo" }
default { methods = { "GET" }, handler = "none", cors = { origins = { "https://a.example" } } }
]] })
    for _, row in ipairs({
      { "known path", line = "GET /nowhere", fields = { "Host: a", FINE }, status = 404,
        equal = READABLE, has = { Vary = { "Origin" } } },
      { "denied origin", line = "GET /nowhere", fields = { "Host: a", EVIL }, status = 404,
        cors = false, has = { Vary = { "Origin" } } },
      { "preflight", line = "OPTIONS /nowhere", status = 204, equal = READABLE,
        fields = { "Host: a", FINE, "Access-Control-Request-Method: GET" } },
      { "405", line = "PUT /nowhere", fields = { "Host: a", FINE }, status = 405,
        equal = READABLE },
    }) do
      rows.check(server, row)
    end
    server:stop()
  end)
end)

describe("same-origin by Host, where nothing is rejected and no public origin is told:", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY:gsub('on_denied = "reject"', 'on_denied = "withhold"') })
  end)
  teardown(function()
    server:stop()
  end)
  for _, row in ipairs({
    { "equal host", "a.example", "http://a.example", "same-origin" },
    { "equal host and port", "a.example:81", "http://a.example:81", "same-origin" },
    { "other port", "a.example:81", "http://a.example:82", "simple" },
    { "other host", "a.example", "http://b.example", "simple" },
  }) do
    it(row[1] .. " is " .. row[4], function()
      rows.check(server, { line = "GET /closed", fields = { "Host: " .. row[2],
        "Origin: " .. row[3] }, status = 200, log = { kind = row[4] } })
    end)
  end
end)
