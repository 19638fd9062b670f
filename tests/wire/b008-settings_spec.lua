--- Settings that change what a client sees: the configuration file, trusted proxies, health.

local wire = require("tests.wire.support")
local process = wire.process

local POLICY = [[
resource "/echo" { handler = "echo", cors = { origins = { "https://a.example" } } }
]]

describe("configuration file", function()
  local dir
  before_each(function()
    dir = process.make_dir()
  end)
  after_each(function()
    process.remove_dir(dir)
  end)

  it("sets what flags set, and flags are added to it", function()
    local path = process.write_file(dir .. "/moongate.lua", table.concat({
      'listen = { "127.0.0.1:0" }',
      "echo_secrets = true",
      'local kib = 1024',
      'limits = { body_bytes = 2 * kib, ["head-timeout"] = "300ms", ["defer-accept"] = 0 }',
    }, "\n"))
    local server = wire.start({ policy = POLICY, arguments = { "--config", path },
      listen = { "127.0.0.1:0" } })
    local told = wire.decode(server:ask("GET /echo", { "Host: a", "Cookie: s=1" }).body)
    assert.same({ "Cookie", "s=1" }, told.headers[2])
    assert.equals(413, server:ask("PUT /echo", { "Host: a", "Content-Length: 4096" }).status)
    local slow = server:connect():send("GET /")
    assert.equals(408, slow:read("GET").status)
    slow:assert_closed()
    assert.is_truthy(process.poll(5, function()
      return select(2, server.process:stdout():gsub("listening on", "")) == 2
    end), server.process:stdout())
    server:stop()
  end)

  for _, row in ipairs({
    { "unknown setting", 'lisen = "127.0.0.1:0"', "lisen", "listen" },
    { "unknown limit", "limits = { heads = 1 }", "limit", "head" },
    { "wrong type", "workers = {}\nlisten = 1.5", "listen" },
    { "syntax error", "workers = = 1", "moongate.lua:1" },
    { "endless loop", "while true do end", "moongate.lua" },
    { "library outside the sandbox", 'os.exit(0)', "moongate.lua:1" },
  }) do
    it(row[1] .. " is refused by name", function()
      local path = process.write_file(dir .. "/moongate.lua", row[2])
      local status, out, err = wire.run({ "serve", "--policy", "POLICY", "--config", path },
        { policy = POLICY })
      assert.is_true(status >= 2 and status <= 4, "status " .. status .. ": " .. err)
      assert.equals("", out)
      for index = 3, #row do
        assert.is_truthy(err:find(row[index], 1, true), row[index] .. " is not in: " .. err)
      end
    end)
  end

  it("that is not there is refused", function()
    local status = wire.run({ "serve", "--policy", "POLICY", "--config", dir .. "/none.lua" },
      { policy = POLICY })
    assert.is_true(status == 2 or status == 4, status)
  end)
end)

describe("proxy in front", function()
  local function told(server, ...)
    return wire.decode(server:ask("GET /echo", { "Host: inner.example", ... }).body)
  end
  local HONEST = { "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https",
    "X-Forwarded-Host: outer.example" }

  it("is believed where it is trusted", function()
    local server = wire.start({ policy = POLICY, arguments = { "--trust-proxy", "127.0.0.0/8" } })
    local seen = told(server, table.unpack(HONEST))
    assert.equals("203.0.113.7", seen.remote)
    assert.equals("https", seen.scheme)
    assert.equals("outer.example", seen.host)
    -- What the client itself wrote stands before what the trusted proxy added.
    seen = told(server, "X-Forwarded-For: 192.0.2.1, 203.0.113.7, 127.0.0.9")
    assert.equals("203.0.113.7", seen.remote)
    seen = told(server, "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 203.0.113.7")
    assert.equals("203.0.113.7", seen.remote)
    -- The scheme the client sees makes its origin this server's own.
    seen = told(server, "Origin: https://outer.example", table.unpack(HONEST))
    assert.equals("same-origin", seen.kind)
    server:stop()
  end)

  it("is not believed elsewhere", function()
    for _, arguments in ipairs({ {}, { "--trust-proxy", "10.0.0.0/8", "--trust-proxy", "::1" } }) do
      local server = wire.start({ policy = POLICY, arguments = arguments })
      local seen = told(server, table.unpack(HONEST))
      assert.matches("^127%.", seen.remote)
      assert.equals("http", seen.scheme)
      assert.equals("inner.example", seen.host)
      server:stop()
    end
  end)

  it("is believed by the fields it is said to set, and by no others", function()
    local server = wire.start({ policy = POLICY,
      arguments = { "--trust-proxy", "127.0.0.0/8", "--trust-fields", "forwarded" } })
    local seen = told(server, "Forwarded: for=192.0.2.1;host=evil.example",
      "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Host: evil.example",
      'Forwarded: for="203.0.113.7:4711";proto=https;host=outer.example, for=127.0.0.9')
    assert.equals("203.0.113.7", seen.remote)
    assert.equals("https", seen.scheme)
    assert.equals("outer.example", seen.host)
    server:stop()
    local status, _, err = wire.run({ "serve", "--policy", "POLICY", "--trust-fields", "via" },
      { policy = POLICY })
    assert.equals(2, status)
    assert.is_truthy(err:find("'x-forwarded' or 'forwarded'", 1, true), err)
  end)

  it("is believed over a Unix socket where those are trusted", function()
    for trusted, remote in pairs({ unix = "203.0.113.7", ["127.0.0.0/8"] = "unix" }) do
      local server = wire.start({ policy = POLICY, listen = { "unix:DIR/http.sock" },
        arguments = { "--trust-proxy", trusted } })
      local seen = told(server, "X-Forwarded-For: 203.0.113.7, unix:")
      assert.equals(remote, seen.remote)
      server:stop()
    end
  end)

  it("writes garbage: the peer itself is taken, and the request served", function()
    local server = wire.start({ policy = POLICY, arguments = { "--trust-proxy", "127.0.0.0/8" } })
    for _, value in ipairs({ "", ",", "unknown", "203.0.113.7:x", "[::1", "a\xff", "1.2.3.4.5",
      ("9"):rep(3000), "-1.2.3.4" }) do
      local seen = told(server, "X-Forwarded-For: " .. value, "X-Forwarded-Proto: " .. value)
      assert.matches("^127%.", seen.remote)
      assert.is_true(seen.scheme == "http" or seen.scheme == "https", seen.scheme)
    end
    server:stop()
  end)
end)

describe("health", function()
  it("is told below its prefix, and not ready while stopping", function()
    local server = wire.start({ policy = POLICY,
      arguments = { "--health-path", "/-", "--stop-delay", "2s" } })
    assert.equals(200, server:ask("GET /-/healthz").status)
    assert.equals(200, server:ask("GET /-/readyz").status)
    assert.equals(200, server:ask("HEAD /-/readyz").status)
    server.process:signal("TERM")
    assert.is_truthy(process.poll(5, function()
      return server:ask("GET /-/readyz").status == 503
    end), "still ready after SIGTERM")
    assert.equals(200, server:ask("GET /-/healthz").status)
    assert.equals(200, server:ask("GET /echo").status)
    server:assert_left(20)
  end)

  it("is not told where nobody asked for it", function()
    local server = wire.start({ policy = POLICY })
    assert.equals(404, server:ask("GET /healthz").status)
    server:stop()
  end)
end)

describe("second SIGTERM", function()
  it("ends a stop that waits", function()
    local server = wire.start({ policy = POLICY })
    local stuck = server:connect():request("POST /echo",
      { "Host: a", "Content-Length: 6", "Expect: 100-continue" })
    assert.equals(100, stuck:read("POST").status)
    server.process:signal("TERM")
    assert.is_nil(server.process:wait(0.5), "did not wait for the exchange")
    server.process:signal("TERM")
    assert.is_number(server.process:wait(5), "still runs")
    stuck:close()
    process.remove_dir(server.dir)
  end)
end)
