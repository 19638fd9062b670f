--- Policies that decide in Lua: functions and hooks, through the real server.

local rows = require("tests.wire.support.rows")
local wire = require("tests.wire.support")

local POLICY = [[
local tenants = { acme = { "https://acme.example" }, globex = { "https://*.globex.example" } }
local body = { status = 200, body = "ok", fields = { ETag = "1" } }

resource "/tenants/{tenant}" {
  methods = { "GET", "POST", "PUT" },
  cors = {
    origins = function(req) return tenants[req.params.tenant] or {} end,
    headers = function(req) return req.params.tenant == "acme" and { "X-Acme" } or {} end,
    credentials = true,
  },
  handler = respond(body),
}

resource "/hooks" {
  methods = { "GET", "POST", "PUT", "DELETE" },
  cors = { origins = { "https://app.example" }, methods = { "PUT" }, expose = { "ETag" } },
  preflight = function(req)
    if req:header("x-frozen") then
      return deny "frozen"                                     -- line 19
    elseif req.requested_method == "DELETE" then
      return allow { methods = { "DELETE" }, max_age = 5 }
    end
  end,
  simple = function(req)
    if req.method == "POST" then
      return deny "must-be-preflighted"
    elseif req:header("x-tier") == "gold" then
      return allow { origins = { "https://gold.example" }, expose = { "X-Gold" } }
    end
  end,
  preflighted = function(req)
    if req.origin == "https://app.example" and req:header("x-key") ~= "1" then
      return deny "key-missing"
    end
  end,
  handler = respond(body),
}

resource "/classify" {
  methods = { "GET", "POST" },
  cors = { origins = { "https://app.example" }, on_denied = "reject" },
  classify = function(req)
    if req.kind == "simple" and req:header("x-custom") then return "preflighted" end
  end,
  simple = function() return deny "seen-as-simple" end,
  preflighted = function() return deny "seen-as-preflighted" end,
  handler = respond(body),
}

resource "/shared" {
  cors = { origins = { "https://app.example" } },
  classify = function(req) req.ctx.seen = (req.ctx.seen or 0) + 1 end,
  simple = function(req)
    if req.ctx.seen ~= 1 then return deny "context-not-ours" end
  end,
  handler = respond(body),
}

resource "/broken" {
  cors = { origins = { "https://app.example" } },
  simple = function(req) return req.nothing.at.all end,
  handler = respond(body),
}
resource "/wide" {
  cors = { origins = { "https://app.example" }, credentials = true },
  simple = function() return allow { origins = "*" } end,
  preflight = function() return allow { headers = { "Bad Name" } } end,
  handler = respond(body),
}
resource "/declared" { cors = { origins = { "https://app.example" } }, handler = respond(body) }
]]

local APP, GOLD = "Origin: https://app.example", "Origin: https://gold.example"

local function ask(name, line, fields, expected)
  table.insert(fields, 1, "Host: api.example")
  local row = { name, line = line, fields = fields }
  for key, value in pairs(expected) do
    row[key] = value
  end
  return row
end

local function acao(origin)
  return { ["Access-Control-Allow-Origin"] = origin }
end

local function preflight(name, path, origin, method, more, expected)
  local fields = { "Origin: " .. origin, "Access-Control-Request-Method: " .. method }
  table.move(more, 1, #more, #fields + 1, fields)
  return ask(name, "OPTIONS " .. path, fields, expected)
end

describe("hooks", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  for _, row in ipairs({
    ask("origins of a function: its tenant's", "GET /tenants/acme",
      { "Origin: https://acme.example" },
      { status = 200, equal = acao("https://acme.example"), has = { Vary = { "Origin" } } }),
    ask("a pattern of a function", "GET /tenants/globex", { "Origin: https://x.globex.example" },
      { status = 200, equal = acao("https://x.globex.example") }),
    ask("not another tenant's", "GET /tenants/globex", { "Origin: https://acme.example" },
      { status = 200, cors = false, log = { reason = "origin-denied" } }),
    ask("nobody's", "GET /tenants/unknown", { "Origin: https://acme.example" },
      { status = 200, cors = false, log = { reason = "origin-denied" } }),
    preflight("headers of a function", "/tenants/acme", "https://acme.example", "PUT",
      { "Access-Control-Request-Headers: x-acme" },
      { status = 204, log = { decision = "allow" },
        equal = { ["Access-Control-Allow-Headers"] = "X-Acme",
          ["Access-Control-Allow-Credentials"] = "true" } }),
    preflight("headers of another tenant", "/tenants/globex", "https://a.globex.example", "PUT",
      { "Access-Control-Request-Headers: x-acme" },
      { status = 204, log = { decision = "deny", reason = "header-denied" } }),

    preflight("a preflight hook that says nothing: the rule decides", "/hooks",
      "https://app.example", "PUT", {},
      { status = 204, log = { reason = "preflight-allowed" } }),
    preflight("a preflight hook denies", "/hooks", "https://app.example", "PUT",
      { "X-Frozen: 1" }, { status = 403, cors = false, body = "",
        log = { decision = "deny", reason = "frozen",
          policy = function(place) return not place:match("policy%.lua:19$") and "line" end } }),
    preflight("a preflight hook replaces what it names", "/hooks", "https://app.example",
      "DELETE", {}, { status = 204, log = { reason = "preflight-allowed" },
        equal = { ["Access-Control-Max-Age"] = "5" },
        has = { ["Access-Control-Allow-Methods"] = { "DELETE" } } }),
    preflight("and nothing else: the origin is still the rule's", "/hooks",
      "https://evil.example", "DELETE", {},
      { status = 403, cors = false, log = { reason = "origin-denied" } }),

    ask("a simple hook denies", "POST /hooks", { APP },
      { status = 403, cors = false, log = { reason = "must-be-preflighted" } }),
    ask("a simple hook lets another origin in", "GET /hooks", { GOLD, "X-Tier: gold" },
      { status = 200, equal = { ["Access-Control-Allow-Origin"] = "https://gold.example",
        ["Access-Control-Expose-Headers"] = "X-Gold" },
        has = { Vary = { "Origin", "x-tier" } } }),
    ask("for whom it is meant only", "GET /hooks", { GOLD },
      { status = 200, cors = false, has = { Vary = { "Origin", "x-tier" } } }),
    ask("a preflighted hook decides what a preflight must have preceded", "PUT /hooks", { APP },
      { status = 403, cors = false, log = { reason = "key-missing" } }),
    ask("and lets through", "PUT /hooks", { APP, "X-Key: 1" },
      { status = 200, equal = acao("https://app.example") }),
    ask("requests without Origin run no hook", "POST /hooks", {},
      { status = 200, log = { reason = "no-origin" } }),

    ask("classify leaves a kind as it is", "GET /classify", { APP },
      { status = 403, log = { reason = "seen-as-simple" } }),
    ask("classify goes stricter", "GET /classify", { APP, "X-Custom: 1" },
      { status = 403, log = { reason = "seen-as-preflighted", kind = "preflighted" } }),

    ask("a context lives for its exchange", "GET /shared", { APP },
      { status = 200, equal = acao("https://app.example") }),
    ask("and for no other", "GET /shared", { APP },
      { status = 200, equal = acao("https://app.example") }),

    ask("an error refuses", "GET /broken", { APP },
      { status = 403, cors = false, log = { reason = "script-error" } }),
    ask("* with credentials is refused, from a hook too", "GET /wide", { APP },
      { status = 403, cors = false, log = { reason = "script-error" } }),
    preflight("and names that are none", "/wide", "https://app.example", "GET", {},
      { status = 403, cors = false, log = { reason = "script-error" } }),
    ask("a declared rule beside them is as ever", "GET /declared", { APP },
      { status = 200, equal = acao("https://app.example") }),
  }) do
    it(row[1], function()
      rows.check(server, row)
    end)
  end

  it("log an error once with its traceback, however often it comes", function()
    for _ = 1, 50 do
      server:ask("GET /broken", { "Host: api.example", APP })
    end
    local lines = 0
    for line in server.process:stderr():gmatch("[^\n]+") do
      lines = lines + (line:find("policy.lua:61", 1, true) and 1 or 0)
    end
    assert.is_true(lines >= 1 and lines <= 4, lines .. " lines for one cause")
  end)
end)
