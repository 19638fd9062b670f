--- Starting and refusing to start: addresses printed, exit codes, what is said.

local wire = require("tests.wire.support")
local process = wire.process

local POLICY = 'resource "/" { handler = respond { status = 200, body = "hello\\n" } }\n'

local function serve(...)
  return { "serve", "--policy", "POLICY", "--access-log", "off", ... }
end

local function assert_says(text, ...)
  for _, part in ipairs({ ... }) do
    if not text:lower():find(part:lower(), 1, true) then
      error(string.format("%q is not in:\n%s", part, text), 2)
    end
  end
end

describe("start", function()
  local server
  after_each(function()
    local running = server
    server = nil
    if running then
      running:stop()
    end
  end)

  it("prints the address it took for port 0 and answers there", function()
    server = wire.start({ policy = POLICY })
    assert.matches("^http://127%.0%.0%.1:%d+$", server.addresses[1])
    assert.equals("hello\n", server:ask("GET /").body)
  end)

  it("prints nothing on standard output but the addresses", function()
    server = wire.start({ policy = POLICY })
    server:ask("GET /")
    assert.equals("listening on " .. server.addresses[1] .. "\n", server.process:stdout())
  end)

  it("serves two addresses at once", function()
    server = wire.start({ policy = POLICY, listen = { "127.0.0.1:0", "127.0.0.1:0" } })
    assert.equals(2, #server.addresses)
    assert.is_not.equal(server.addresses[1], server.addresses[2])
    for address = 1, 2 do
      local connection = server:connect({ address = address }):request("GET /")
      assert.equals("hello\n", connection:read("GET").body)
      connection:close()
    end
  end)

  it("serves a Unix socket beside TCP and takes its file away at the end", function()
    server = wire.start({ policy = POLICY, listen = { "127.0.0.1:0", "unix:DIR/socket" } })
    local path = server.addresses[2]:match("^unix:(/.+)$")
    assert.is_string(path, "not printed as unix:/path: " .. server.addresses[2])
    for address = 1, 2 do
      local connection = server:connect({ address = address }):request("GET /")
      assert.equals("hello\n", connection:read("GET").body)
      connection:close()
    end
    server.process:signal("TERM")
    assert.equals(0, server.process:wait(20))
    assert.is_nil(process.read_file(path))
    assert.is_nil(require("lfs").attributes(path), "the socket's file is still there")
  end)

  it("answers one request after another on a Unix socket", function()
    server = wire.start({ policy = POLICY, listen = { "unix:DIR/socket" } })
    local connection = server:connect()
    for _ = 1, 3 do
      connection:request("GET /")
      assert.equals(200, connection:read("GET").status)
    end
    connection:close()
  end)

  it("takes over the file of a Unix socket that nobody listens on", function()
    server = wire.start({ policy = POLICY, listen = { "unix:DIR/socket" } })
    local path = server.addresses[1]:match("^unix:(.+)$")
    server.process:signal("KILL")
    server.process:wait(20)
    local second = wire.start({ policy = POLICY, listen = { "unix:" .. path } })
    local connection = second:connect():request("GET /")
    assert.equals(200, connection:read("GET").status)
    connection:close()
    second:stop()
    process.remove_dir(server.dir)
    server = nil
  end)

  it("serves with one worker, and with eight", function()
    for _, workers in ipairs({ 1, 8 }) do
      server = wire.start({ policy = POLICY, workers = workers })
      for _ = 1, 2 * workers do
        assert.equals("hello\n", server:ask("GET /").body)
      end
      server:stop()
    end
    server = nil
  end)

  it("warns of echo where others can reach it, and not on loopback", function()
    local echo = 'resource "/" { handler = "echo" }\n'
    server = wire.start({ policy = echo, listen = { "0.0.0.0:0" } })
    assert_says(server.process:stderr(), "echo")
    server:stop()
    server = wire.start({ policy = echo })
    assert.is_nil(server.process:stderr():find("echo", 1, true))
  end)

  it("writes its own log as JSON lines on request", function()
    server = wire.start({ policy = POLICY, arguments = { "--log", "json" } })
    for line in server.process:stderr():gmatch("[^\n]+") do
      assert.is_table(wire.decode(line))
    end
  end)
end)

describe("refusal to start", function()
  it("port in use: 4, and says which", function()
    local server = wire.start({ policy = POLICY })
    local address = "127.0.0.1:" .. server.port
    local status, out, err = wire.run(serve("--listen", address), { policy = POLICY })
    server:stop()
    assert.equals(4, status, err)
    assert.equals("", out)
    assert_says(err, tostring(server.port), "in use")
  end)

  it("second server with workers on the same port: 4 also there", function()
    local server = wire.start({ policy = POLICY, workers = 4 })
    local address = "127.0.0.1:" .. server.port
    local status, _, err = wire.run(serve("--workers", "4", "--listen", address),
      { policy = POLICY })
    server:stop()
    assert.equals(4, status, err)
  end)

  it("address that is not this machine's: 4", function()
    local status, _, err = wire.run(serve("--listen", "192.0.2.1:0"), { policy = POLICY })
    assert.equals(4, status, err)
    assert_says(err, "192.0.2.1")
  end)

  it("Unix socket in a directory that is not there: 4", function()
    local status, _, err = wire.run(serve("--listen", "unix:/nonexistent/s"), { policy = POLICY })
    assert.equals(4, status, err)
    assert_says(err, "/nonexistent/s")
  end)

  it("Unix socket path that is too long: 4", function()
    local path = "unix:/tmp/" .. string.rep("x", 120)
    local status, _, err = wire.run(serve("--listen", path), { policy = POLICY })
    assert.equals(4, status, err)
  end)

  it("invalid policy: 3, with all its faults by file and line", function()
    local policy = table.concat({
      'resource "/a" { cors = { origins = { "https://a.example/" } } }',
      'resource "/b" { cors = { origins = { "app.example" } } }',
      'resource "/c" { cors = { origins = "*", credentials = true } }',
    }, "\n")
    local status, out, err = wire.run(serve("--listen", "127.0.0.1:0"), { policy = policy })
    assert.equals(3, status, err)
    assert.equals("", out)
    assert_says(err, "policy.lua:1", "policy.lua:2", "policy.lua:3")
  end)

  it("upstream that cannot be reached yet: 3, and check says the same", function()
    local policy = table.concat({
      'upstream "default" { "http://127.0.0.1:3000" }',
      'upstream "tls" { "https://127.0.0.1:3000" }',
      'resource "/a" { handler = "proxy" }',
    }, "\n")
    for _, arguments in ipairs({
      serve("--listen", "127.0.0.1:0"),
      { "check", "--policy", "POLICY" },
    }) do
      local status, _, err = wire.run(arguments, { policy = policy })
      assert.equals(3, status, err)
      assert_says(err, "policy.lua:2", "not-yet-available")
      assert.is_nil(err:find("policy.lua:1", 1, true))
    end
  end)

  it("policy with a syntax error: 3", function()
    local status, _, err = wire.run(serve("--listen", "127.0.0.1:0"),
      { policy = 'resource "/a" {\n  methods = \n}\n' })
    assert.equals(3, status, err)
    assert_says(err, "policy.lua:3")
  end)

  it("directory without a policy: 3", function()
    local status, _, err = wire.run(serve("--listen", "127.0.0.1:0"),
      { policy = { ["a_spec.lua"] = "x", ["_part.lua"] = "x", [".hidden.lua"] = "x" } })
    assert.equals(3, status, err)
  end)

  for _, row in ipairs({
    { "unknown option", { "serve", "--policy", "POLICY", "--nonsense" } },
    { "option without its value", { "serve", "--policy" } },
    { "no policy", { "serve" } },
    { "unknown subcommand", { "sreve" } },
    { "unknown limit", serve("--limit", "haed-bytes=1") },
    { "limit without a value", serve("--limit", "head-bytes") },
    { "limit that is no number", serve("--limit", "head-bytes=many") },
    { "negative limit", serve("--limit", "head-bytes=-1") },
    { "duration without a unit it knows", serve("--limit", "head-timeout=5parsecs") },
    { "negative workers", serve("--workers", "-1") },
    { "workers that are no number", serve("--workers", "two") },
    { "log format it does not know", serve("--log", "xml") },
    { "malformed public origin", serve("--public-origin", "https://a.example/") },
    { "malformed proxy range", serve("--trust-proxy", "10.0.0.0/99") },
    { "upstream with a path", serve("--upstream", "http://127.0.0.1:3000/api") },
    { "upstream without a scheme", serve("--upstream", "127.0.0.1:3000") },
    { "malformed listen address", serve("--listen", "127.0.0.1:99999") },
  }) do
    it("usage: " .. row[1] .. ": 2", function()
      local status, out, err = wire.run(row[2], { policy = POLICY })
      assert.equals(2, status, err)
      assert.equals("", out)
      assert.is_not.equal("", err)
    end)
  end

  it("check: 0 for a faultless policy, 3 with every fault otherwise", function()
    local status, out, err = wire.run({ "check", "--policy", "POLICY" }, { policy = POLICY })
    assert.equals(0, status, out .. err)
    local faulty = 'resource "/a" { cors = { origins = { "HTTPS://a.example" } } }\n'
      .. 'resource "/b" { metods = { "GET" } }\n'
    status, out, err = wire.run({ "check", "--policy", "POLICY" }, { policy = faulty })
    assert.equals(3, status, out .. err)
    assert_says(out .. err, "policy.lua:1", "policy.lua:2", "methods")
  end)
end)
