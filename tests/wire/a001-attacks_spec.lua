--- Hostile policies in a running server: each attack is refused, and on either worker the clients
-- of the resources beside it see nothing of it.

local lfs = require("lfs")
local wire = require("tests.wire.support")

local GOOD, EVIL = "https://a.example", "https://evil.example"

-- What stands beside the attacks. It uses a good deal of the library and the table that some
-- attacks try to change.
local BESIDE = [[
local friends = { "https://a.example", "https://b.example" }
local METHODS = { "GET", "POST", "PUT" }
local answer = respond { body = "fine" }
local function win() return allow { origins = { "https://evil.example" } } end

resource "/innocent" { methods = METHODS, handler = answer, cors = {
  origins = function(req)
    local list = {}
    for _, origin in ipairs(friends) do
      list[#list + 1] = ("%s"):format(origin:lower():gsub("%s+", ""))
    end
    table.sort(list)
    for key in pairs(req.ctx) do assert(key == "path") end
    req.ctx.path = req.path
    return { table.concat({ list[1]:sub(1, 8), list[1]:sub(9) }), list[2] }
  end,
  headers = { "X-A" } } }
resource "/static" { methods = METHODS, handler = answer, cors = { origins = friends } }
]]

-- Each: name, what the function does, and where they are not the usual ones: `slot` (preflight),
-- `setup` before the resources, `cors` more of the rule, `origin` of the request, `flood` as its
-- field X-Flood.
local ATTACKS = {
  { "a loop", "while true do end" },
  { "a loop in a simple request", "while true do end", slot = "simple" },
  { "a loop in classify", "while true do end", slot = "classify" },
  { "a loop in origins", "while true do end", slot = "origins" },
  { "a loop that catches its end",
    "while true do pcall(function() while true do end end) end" },
  { "loops nested in pcalls", [[
    local function dig(depth) while true do pcall(dig, depth > 0 and depth - 1 or 0) end end
    dig(180)]] },
  { "an answer behind a caught end", [[
    pcall(function() while true do end end)
    return win()]], origin = EVIL },
  { "recursion, caught", [[
    local function deeper() return 1 + deeper() end
    while true do pcall(deeper) end]] },
  { "recursion through C", [[
    local function dig() return ("x"):gsub("x", dig) end
    dig()]] },
  { "memory, caught", [[
    while true do
      pcall(function() local t = {} while true do t[#t + 1] = ("x"):rep(9999) .. #t end end)
    end]] },
  { "a doubling text", "local s = 'x' while true do s = s .. s end" },
  { "a flood of formats", "while true do ('%99.99f'):format(1e300) end" },
  { "a flood of upper", "local s = ('x'):rep(1000000) while true do s:upper() end" },
  { "a pattern that does not end", "return ('x'):rep(200):find('.-.-.-.-.-b')" },
  { "an innocent pattern and a hostile field", [[
    return req:header("X-Flood"):find("a*a*example")]], flood = ("a"):rep(8000) },
  { "a pattern of the client's", [[
    return ("a"):rep(500):find(req:header("X-Flood"))]], flood = ("a-"):rep(4000) },
  { "table.move without end", "table.move({}, 1, 1 << 62, 2)" },
  { "a sort that does not end", "table.sort({ 2, 1 }, function() while true do end end)" },
  { "code from text", "return load('return 1')()" },
  { "a metatable", "setmetatable({}, { __gc = function() while true do end end })" },
  { "the strings' metatable", "getmetatable('').__index = {}" },
  { "a library's function replaced", "string.lower = function() return 'x' end" },
  { "a shared table changed", "friends[1] = 'https://evil.example'" },
  { "a shared table changed by the library", "table.insert(friends, 'https://evil.example')" },
  { "a global", "leaked = true" },
  { "an environment of its own", "_ENV = { allow = allow }" },
  { "a flag kept", "if seen then return win() end seen = true", setup = "local seen = false",
    origin = EVIL },
  { "the request kept", "if kept and kept.path then return win() end kept = req",
    setup = "local kept", origin = EVIL },
  { "ctx kept", "if kept and kept.seen then return win() end kept = req.ctx kept.seen = 1",
    setup = "local kept", origin = EVIL },
  { "a counter in a closure", "if tick() > 1 then return win() end", setup = [[
    local function counter() local n = 0 return function() n = n + 1 return n end end
    local tick = counter()]], origin = EVIL },
  { "a field broken in two, by origins",
    "return { 'https://a.example\\r\\nX-Evil: 1' }", slot = "origins" },
  { "a field broken in two, by headers", "return { 'X-A\\r\\nX-Evil: 1' }", slot = "headers" },
  { "a reason broken in two", "return deny 'x\\r\\nX-Evil: 1\\r\\n\\r\\nevil'", slot = "simple" },
  { "a table as an error", "error({ __tostring = win })" },
  { "an error with a secret", "error('swordfish')" },
  { "everybody with credentials", "return allow { origins = '*', credentials = true }",
    origin = EVIL },
  { "whoever asks, with credentials", "return { req:header('Origin') }", slot = "origins",
    cors = "credentials = true,", origin = EVIL },
  { "null with credentials", "return allow { origins = { 'null' }, credentials = true }",
    origin = "null" },
  { "a foreign origin as one's own", "return 'same-origin'", slot = "classify", origin = EVIL },
  { "no such answer", "return { verdict = 'allow', origins = { req.origin } }", origin = EVIL },
  { "a resource declared late", "resource '/late' { cors = { origins = '*' } }" },
}

local RULE_SLOTS = { origins = true, headers = true }

local function declare(index, attack)
  local slot = attack.slot or "preflight"
  local rule = attack.cors or ""
  local hook = string.format("%s = function(req)\n%s\nend,", slot, attack[2])
  if RULE_SLOTS[slot] then
    rule, hook = rule .. hook, ""
  end
  if slot ~= "origins" then
    rule = rule .. " origins = { 'https://a.example' },"
  end
  -- A block each: what one attack sets up is no other's.
  return string.format(
    "do %s\nresource '/attack/%d' { methods = METHODS, handler = answer, cors = { %s }, %s } end\n",
    attack.setup or "", index, rule, hook)
end

local function policy()
  local parts = { BESIDE }
  for index, attack in ipairs(ATTACKS) do
    parts[#parts + 1] = declare(index, attack)
  end
  return table.concat(parts)
end

local function request_of(index, attack)
  local fields = { "Host: h.example", "Origin: " .. (attack.origin or GOOD) }
  local method = attack.slot == "simple" and "GET" or "OPTIONS"
  if method == "OPTIONS" then
    fields[#fields + 1] = "Access-Control-Request-Method: PUT"
  end
  if attack.flood then
    fields[#fields + 1] = "X-Flood: " .. attack.flood
  end
  return method, string.format("%s /attack/%d", method, index), fields
end

-- Innocent requests, and what their answers have to be: status and ACAO.
local INNOCENT = {
  { "OPTIONS", "/innocent", GOOD, 204, GOOD },
  { "GET", "/innocent", GOOD, 200, GOOD },
  { "GET", "/innocent", EVIL, 200, nil },
  { "OPTIONS", "/innocent", EVIL, 403, nil },
  { "OPTIONS", "/static", "https://b.example", 204, "https://b.example" },
  { "GET", "/static", EVIL, 200, nil },
}

local function ask_innocently(connection)
  for _, row in ipairs(INNOCENT) do
    local method, path, origin, status, allowed = table.unpack(row, 1, 5)
    local fields = { "Host: h.example", "Origin: " .. origin }
    if method == "OPTIONS" then
      fields[#fields + 1] = "Access-Control-Request-Method: PUT"
    end
    local answer = connection:request(method .. " " .. path, fields):read(method)
    local said = answer:get("Access-Control-Allow-Origin")
    if answer.status ~= status or said ~= allowed then
      connection:fail(string.format("innocent %s %s from %s: %d and %s, expected %d and %s",
        method, path, origin, answer.status, tostring(said), status, tostring(allowed)))
    end
  end
end

local function assert_refused(connection, answer)
  if answer.status ~= 403 or #answer:names_with("access-control-") > 0 then
    connection:fail("expected 403 without CORS fields, got " .. wire.show(answer.head))
  end
  for _, word in ipairs({ "swordfish", "X-Evil", "policy.lua" }) do
    if (answer.head .. answer.body):find(word, 1, true) then
      connection:fail("the answer has " .. word)
    end
  end
end

describe("attack", function()
  local server, innocents
  setup(function()
    server = wire.start({ policy = policy(), workers = 2 })
    innocents = {}
    -- Connections that stay: as many as make it all but certain that each worker has some.
    for index = 1, 12 do
      innocents[index] = server:connect()
      ask_innocently(innocents[index])
    end
  end)
  teardown(function()
    for _, connection in ipairs(innocents) do
      connection:close()
    end
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  for index, attack in ipairs(ATTACKS) do
    it("by " .. attack[1] .. " is refused, and nobody else notices", function()
      local method, line, fields = request_of(index, attack)
      for _ = 1, 3 do
        local connection = server:connect():request(line, fields)
        assert_refused(connection, connection:read(method))
        -- The attacker's own connection is as good as any other.
        ask_innocently(connection)
        local record = server:records(connection)[1]
        assert.equals("script-error", record.reason)
        assert.equals("deny", record.decision)
        connection:close()
        ask_innocently(innocents[index % #innocents + 1])
      end
    end)
  end

  it("by many at once lets the others through", function()
    local attackers = {}
    for index, attack in ipairs(ATTACKS) do
      local method, line, fields = request_of(index, attack)
      local connection = server:connect()
      attackers[index] = { connection = connection, method = method }
      for _ = 1, 4 do
        connection:request(line, fields)
      end
    end
    for _, connection in ipairs(innocents) do
      ask_innocently(connection)
    end
    for _, attacker in ipairs(attackers) do
      for _ = 1, 4 do
        assert_refused(attacker.connection, attacker.connection:read(attacker.method))
      end
      attacker.connection:close()
    end
    for _, connection in ipairs(innocents) do
      ask_innocently(connection)
    end
  end)

  it("by memory leaves none behind", function()
    if wire.is_sanitized() then
      return -- freed memory is kept in quarantine there
    end
    local function attack_all()
      for index, attack in ipairs(ATTACKS) do
        local method, line, fields = request_of(index, attack)
        local connection = server:connect():request(line, fields)
        assert_refused(connection, connection:read(method))
        connection:close()
      end
    end
    attack_all()
    local before = server.process:proc_status("VmRSS")
    for _ = 1, 5 do
      attack_all()
    end
    local grown = server.process:proc_status("VmRSS") - before
    -- What one call may take on each worker, twice: freed memory need not go back at once.
    assert.is_true(grown < 2 * 2 * 4096, grown .. " KiB more resident memory")
  end)
end)

describe("the log of faults", function()
  local CAUSES = 70
  local server
  setup(function()
    local parts = { [[
resource "/chosen" { handler = "none", cors = { origins = "*" }, simple = function(req)
  error(req:header("X-Place") .. ": x", 0) end }
]] }
    for index = 1, CAUSES do
      parts[#parts + 1] = ('resource "/causes/%d" { handler = "none", cors = { origins = "*" },\n'
        .. '  simple = function() error "x" end }\n'):format(index)
    end
    server = wire.start({ policy = table.concat(parts), workers = 1 })
  end)
  teardown(function()
    server:stop()
  end)

  local function lines()
    return select(2, server.process:stderr():gsub("hook failed", ""))
  end
  local function refuse(connection, path, ...)
    connection:request("GET " .. path, { "Host: h.example", "Origin: " .. GOOD, ... })
    assert_refused(connection, connection:read("GET"))
  end

  it("is not told its causes by clients", function()
    local connection = server:connect()
    refuse(connection, "/chosen", "X-Place: nowhere")
    local file = server.process:stderr():match("file=(%S+)")
    for line = 1, 50 do
      refuse(connection, "/chosen", "X-Place: " .. file .. ":" .. line + 3)
    end
    connection:close()
    assert.equals(1, lines())
  end)

  it("is bounded for many causes that come in turn", function()
    local connection = server:connect()
    for _ = 1, 3 do
      for index = 1, CAUSES do
        refuse(connection, "/causes/" .. index)
      end
    end
    connection:close()
    local count = lines()
    assert.is_true(count > 60 and count <= 64, count .. " lines")
  end)
end)

describe("hostile plugin", function()
  it("that denies without end is refused in form, each time", function()
    local plugins = wire.process.make_dir()
    assert(lfs.mkdir(plugins .. "/hostile"))
    wire.process.write_file(plugins .. "/hostile/plugin.lua", [[
return { name = "hostile", version = "1", api = 1, decision = function(req, d)
  while pcall(d.deny, d, ("a"):rep(64)) do end
end }]])
    local server = wire.start({ policy = 'plugin "hostile" {}\nresource "/a" { handler = "none" }',
      arguments = { "--plugins", plugins } })
    local connection = server:connect()
    for _ = 1, 5 do
      connection:request("GET /a", { "Host: h.example", "Origin: " .. GOOD })
      local answer = connection:read("GET")
      assert_refused(connection, answer)
      assert.is_truthy(answer.body:find("script-error", 1, true), answer.body)
    end
    connection:close()
    server:stop()
    wire.process.remove_dir(plugins)
  end)
end)

describe("hostile policy", function()
  local function refused(name, text, code)
    it(name .. " is not served", function()
      local status, _, err = wire.run({ "serve", "--policy", "POLICY", "--listen", "127.0.0.1:0" },
        { policy = text })
      assert.equals(3, status, err)
      assert.is_truthy(err:find("[" .. code .. "]", 1, true), err)
      assert.is_falsy(err:find("listening", 1, true), err)
    end)
  end
  refused("with a loop", "while true do pcall(function() while true do end end) end",
    "policy-timeout")
  refused("with a doubling text", "local s = 'x' while true do s = s .. s end", "policy-memory")
  refused("with variables that each call would pay for", [[
    local t = {}
    for i = 1, 1001 do local n = i t[i] = function() n = n + 1 end end
    resource "/a" { handler = "none", simple = function() return t.x end }]], "policy-variables")
  refused("of bytecode", string.dump(load("return 1")), "policy-bytecode")
  refused("that reads files", "io.open('/etc/passwd')", "global-undefined")
  refused("of locals without end", ("local a "):rep(100000), "policy-syntax")
  refused("above 1 MiB", "--" .. ("x"):rep(1 << 20), "policy-too-large")
end)

describe("check --self-attack", function()
  it("looks at no policy", function()
    for _, words in ipairs({ { "--strict" }, { "--policy", "x.lua" }, { "x.lua" } }) do
      local status, out, err = wire.run({ "check", "--self-attack", table.unpack(words) })
      assert.equals(2, status, out)
      assert.is_truthy(err:find("--json alone", 1, true), err)
    end
  end)
end)
