--- The admin interface: where it listens, who may ask, and that nobody can hold it up.

local wire = require("tests.wire.support")
local client = require("tests.wire.support.client")
local lfs = require("lfs")
local process = wire.process

local POLICY = 'resource "/" { handler = respond { status = 200, body = "hello\\n" } }\n'
local SLOW = "for i = 1, 30000000 do end\n" .. POLICY -- some tenths of a second to load
local TOKEN = "correct-horse-battery-staple"
local UNIX = { "Host: localhost" }

local servers = {}

local function start(options)
  options.policy = options.policy or POLICY
  local server = wire.start(options)
  servers[#servers + 1] = server
  return server
end

local function stop_all()
  local running = servers
  servers = {}
  for _, server in ipairs(running) do
    server:stop()
  end
end

local function connect(server)
  return client.unix(server, server.dir .. "/admin.sock")
end

-- One exchange on a connection of its own. Returns the answer and its document.
local function ask(server, line, fields, content)
  local connection = connect(server):request(line, fields or UNIX, content)
  local answer = connection:read(line:match("^%S+"))
  connection:close()
  local is_json = answer:get("Content-Type") == "application/json"
  return answer, is_json and wire.decode(answer.body) or nil
end

local function post(server, path, content)
  return ask(server, "POST " .. path,
    { "Host: localhost", "Content-Length: " .. #(content or "") }, content)
end

local function assert_says(text, ...)
  for _, part in ipairs({ ... }) do
    assert(text:find(part, 1, true), ("%q is not in:\n%s"):format(part, text))
  end
end

describe("the admin socket", function()
  after_each(stop_all)

  it("is for its user alone, and goes with the server", function()
    local server = start({ admin = "DIR/admin.sock" })
    local path = server.dir .. "/admin.sock"
    assert.equals("socket", lfs.attributes(path, "mode"))
    assert.equals("rw-------", lfs.attributes(path, "permissions"))
    local answer, status = ask(server, "GET /status")
    assert.equals(200, answer.status)
    assert.equals("no-store", answer:get("Cache-Control"))
    assert.equals(server.addresses[1], status.listeners[1])
    server.process:signal("TERM")
    assert.equals(0, server.process:wait(20))
    assert.is_nil(lfs.attributes(path))
    process.remove_dir(server.dir)
    servers = {}
  end)

  it("is not taken from an instance that lives", function()
    local server = start({ admin = "DIR/admin.sock" })
    local path = server.dir .. "/admin.sock"
    local status, out, err = wire.run({ "serve", "--policy", "POLICY", "--listen", "127.0.0.1:0",
      "--admin", path }, { policy = POLICY })
    assert.equals(4, status, err)
    assert.equals("", out)
    assert_says(err, path, "admin-in-use", "--admin off")
    assert.equals(200, (ask(server, "GET /healthz")).status)
  end)

  it("is taken over from an instance that died", function()
    local first = start({ admin = "DIR/admin.sock" })
    local path = first.dir .. "/admin.sock"
    first.process:signal("KILL")
    assert.equals(128 + 9, first.process:wait(20))
    assert.is_truthy(lfs.attributes(path))
    servers = {}
    local second = start({ admin = path })
    local connection = client.unix(second, path):request("GET /healthz", UNIX)
    assert.equals(200, connection:read("GET").status)
    connection:close()
    stop_all()
    process.remove_dir(first.dir)
  end)

  it("does not replace a file that is no socket", function()
    local dir = process.make_dir()
    local path = process.write_file(dir .. "/precious", "data")
    local status, _, err = wire.run({ "serve", "--policy", "POLICY", "--listen", "127.0.0.1:0",
      "--admin", path }, { policy = POLICY })
    assert.equals(4, status, err)
    assert_says(err, path, "admin-listen")
    assert.equals("data", process.read_file(path))
    process.remove_dir(dir)
  end)

  it("that is off is not made, nor spoken of", function()
    local server = start({ admin = "off", environment = { "XDG_RUNTIME_DIR=/nonexistent" } })
    assert.is_nil(server.process:stderr():find("admin", 1, true))
  end)
end)

describe("the admin interface over TCP", function()
  local server, port
  setup(function()
    local dir = process.make_dir()
    local file = process.write_file(dir .. "/token", TOKEN .. "\n")
    server = start({ admin = { "DIR/admin.sock", "127.0.0.1:0" },
      arguments = { "--admin-token-file", file, "--log", "json" } })
    process.remove_dir(dir)
    local address = process.poll(10, function()
      return server.process:stderr():match('"admin interface","address":"127%.0%.0%.1:(%d+)"')
    end)
    port = tonumber(address)
  end)
  teardown(stop_all)

  local function ask_tcp(line, ...)
    local connection = client.tcp(server, port):request(line, { ... })
    local answer = connection:read(line:match("^%S+"))
    connection:close()
    return answer
  end

  local HOST = "Host: 127.0.0.1"

  it("answers who has the token", function()
    assert.equals(200, ask_tcp("GET /status", HOST, "Authorization: Bearer " .. TOKEN).status)
    assert.equals(200, ask_tcp("GET /metrics", "Host: localhost:9090",
      "Authorization: bearer " .. TOKEN).status)
    assert.equals(200, ask_tcp("GET /metrics", "Host: [::1]:9090",
      "Authorization: Bearer  " .. TOKEN).status)
  end)

  for _, row in ipairs({
    { "no token" },
    { "an empty one", "Authorization: Bearer" },
    { "another", "Authorization: Bearer correct-horse-battery-stapld" },
    { "its beginning", "Authorization: Bearer correct-horse" },
    { "more than it", "Authorization: Bearer " .. TOKEN .. TOKEN },
    { "another scheme", "Authorization: Basic " .. TOKEN },
    { "the token alone", "Authorization: " .. TOKEN },
    { "two fields", "Authorization: Bearer " .. TOKEN, "Authorization: Bearer " .. TOKEN },
  }) do
    it("refuses " .. row[1], function()
      for _, line in ipairs({ "GET /status", "GET /metrics", "POST /rollback", "GET /none" }) do
        local answer = ask_tcp(line, HOST, table.unpack(row, 2))
        assert.equals(401, answer.status)
        assert.equals('Bearer realm="moongate"', answer:get("WWW-Authenticate"))
        assert.is_nil(answer.body:find("revision", 1, true))
      end
    end)
  end

  it("tells anybody on this machine whether it is healthy", function()
    assert.equals(200, ask_tcp("GET /healthz", HOST).status)
    assert.equals(200, ask_tcp("GET /readyz", HOST).status)
  end)

  for _, host in ipairs({ "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:9090",
    "0.0.0.0", "127.0.0.2" }) do
    it("refuses to be reached as " .. host, function()
      for _, path in ipairs({ "/status", "/healthz" }) do
        assert.equals(403, ask_tcp("GET " .. path, "Host: " .. host,
          "Authorization: Bearer " .. TOKEN).status)
        assert.equals(403, ask_tcp("GET http://" .. host .. path, HOST,
          "Authorization: Bearer " .. TOKEN).status)
      end
    end)
  end

  it("leaves the socket its places, however many connect", function()
    local held = {}
    for i = 1, 140 do
      held[i] = client.tcp(server, port):send("GET /status HTTP/1.1\r\n")
    end
    local ended
    process.poll(10, function()
      ended = 0
      for _, connection in ipairs(held) do
        connection.handle:settimeout(0)
        local _, err = connection.handle:receive(1)
        ended = ended + (err ~= "timeout" and 1 or 0)
      end
      return ended == 12
    end)
    assert.equals(12, ended)
    assert.equals(200, (ask(server, "GET /status")).status)
    for _, connection in ipairs(held) do
      connection:close()
    end
    assert.is_truthy(process.poll(10, function()
      local ok, answer = pcall(ask_tcp, "GET /healthz", HOST)
      return ok and answer.status == 200
    end))
  end)

  it("refuses pages, by whichever way", function()
    assert.equals(403, ask_tcp("GET /healthz", HOST, "Origin: http://127.0.0.1:9090").status)
    assert.equals(403, (ask(server, "POST /rollback",
      { "Host: localhost", "Origin: null", "Content-Length: 0" })).status)
  end)
end)

describe("refusal to start by --admin", function()
  local dir
  before_each(function()
    dir = process.make_dir()
  end)
  after_each(function()
    process.remove_dir(dir)
  end)

  local function refused(code, ...)
    local arguments = { "serve", "--policy", "POLICY", "--listen", "127.0.0.1:0", ... }
    local status, _, err = wire.run(arguments, { policy = POLICY })
    assert.equals(code, status, err)
    return err
  end

  it("TCP without a token", function()
    assert_says(refused(2, "--admin", "127.0.0.1:0"), "--admin-token-file")
  end)

  for _, address in ipairs({ "0.0.0.0:9090", "[::]:9090", ":9090", "192.0.2.1:9090" }) do
    it(address .. ", which others can reach", function()
      assert_says(refused(2, "--admin", address), address, "127.0.0.1:9090")
    end)
  end

  it("what is no address", function()
    assert_says(refused(2, "--admin", "moongate"), "moongate", "path")
    assert_says(refused(2, "--admin", "off", "--admin", dir .. "/a.sock"), "off")
  end)

  for what, text in pairs({ ["short"] = "secret\n", ["empty"] = "",
    ["of two lines"] = TOKEN .. "\n" .. TOKEN,
    ["with spaces"] = "correct horse battery staple" }) do
    it("a token that is " .. what, function()
      local path = process.write_file(dir .. "/token", text)
      assert_says(refused(4, "--admin", "127.0.0.1:0", "--admin-token-file", path), path, "openssl")
    end)
  end

  it("a token file that is not there", function()
    assert_says(refused(4, "--admin", "127.0.0.1:0", "--admin-token-file", dir .. "/none"), "/none")
  end)
end)

describe("requests to the admin interface", function()
  local server
  setup(function()
    server = start({ admin = "DIR/admin.sock" })
  end)
  teardown(stop_all)

  for _, row in ipairs({
    { "no JSON", "/swap", "force", 400, "no JSON" },
    { "JSON with more behind it", "/swap", "{} {}", 400, "no JSON" },
    { "a list", "/swap", "[]", 400, "object" },
    { "an unknown key", "/swap", '{"forze":true}', 400, "force" },
    { "a key of another command", "/pin", '{"force":true}', 400, "nothing" },
    { "a number for a switch", "/swap", '{"force":1}', 400, "true or false" },
    { "a key twice", "/swap", '{"force":true,"force":false}', 400, "no JSON" },
    { "paths that are no list", "/swap", '{"policy":"/a"}', 400, "list" },
    { "no paths", "/swap", '{"policy":[]}', 400, "list" },
    { "a relative path", "/swap", '{"policy":["a.lua"]}', 400, "begin with '/'" },
    { "a path with a zero", "/swap", '{"policy":["/a\\u0000b"]}', 400, "JSON" },
    { "a generation of another type", "/rollback", '{"generation":"2"}', 400, "number" },
    { "generation 0", "/rollback", '{"generation":0}', 400, "number" },
    { "a path there is not", "/stats", "", 404, "docs/admin.md" },
    { "nothing to go back to", "/rollback", "", 409, "nothing" },
    { "no shadow to promote", "/shadow/promote", "", 409, "nothing" },
    { "no shadow to discard", "/shadow/discard", "", 409, "nothing" },
  }) do
    it(row[1] .. ": " .. row[4], function()
      local answer = post(server, row[2], row[3])
      assert.equals(row[4], answer.status, answer.body)
      assert_says(answer.body, row[5])
    end)
  end

  it("another method: 405, with the one there is", function()
    for _, row in ipairs({ { "GET /swap", "POST" }, { "DELETE /status", "GET, HEAD" },
      { "POST /metrics", "GET, HEAD" }, { "OPTIONS /pin", "POST" } }) do
      local answer = ask(server, row[1])
      assert.equals(405, answer.status)
      assert.equals(row[2], answer:get("Allow"))
    end
  end)

  it("HEAD: as GET, without content", function()
    local answer = ask(server, "HEAD /metrics")
    assert.equals(200, answer.status)
    assert.equals("", answer.body)
    assert.is_true(tonumber(answer:get("Content-Length")) > 5000)
  end)

  it("malformed heads: refused and closed", function()
    for _, bytes in ipairs({ "GET /status HTTP/1.1\r\n\r\n", "GET /status\r\n\r\n",
      "GET /status HTTP/1.1\nHost: a\n\n", "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n" }) do
      local connection = connect(server):send(bytes)
      assert.equals(400, connection:read("GET").status)
      connection:assert_closed()
    end
    local long = connect(server):request("GET /" .. ("x"):rep(2000), UNIX)
    assert.equals(414, long:read("GET").status)
    long:assert_closed()
    local wide = connect(server):request("GET /status",
      { "Host: localhost", "X: " .. ("x"):rep(9000) })
    assert.equals(431, wide:read("GET").status)
    wide:assert_closed()
  end)

  it("content beyond 64 KiB: 413, announced or not", function()
    local announced = connect(server):request("POST /swap",
      { "Host: localhost", "Content-Length: 70000" })
    assert.equals(413, announced:read("POST").status)
    announced:assert_closed()
    local chunked = connect(server):request("POST /swap",
      { "Host: localhost", "Transfer-Encoding: chunked" })
    chunked:send("8000\r\n", ("x"):rep(0x8000), "\r\n8000\r\n", ("x"):rep(0x8000), "\r\n")
    chunked:try_send("1\r\nx\r\n0\r\n\r\n")
    assert.equals(413, chunked:read("POST").status)
    chunked:assert_closed()
  end)

  it("content in chunks and in pieces is read", function()
    local connection = connect(server):request("POST /swap",
      { "Host: localhost", "Transfer-Encoding: chunked", "Expect: 100-continue" })
    assert.equals(100, connection:read("POST").status)
    connection:send('7\r\n{"force', "\r\n", "7\r\n", '":false', "\r\n1\r\n}\r\n0\r\n\r\n")
    local answer = connection:read("POST")
    assert.equals(200, answer.status, answer.body)
    assert.equals("unchanged", wire.decode(answer.body).result)
    connection:close()
  end)

  it("pipelined ones are answered in order", function()
    local connection = connect(server)
    local request = "%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    local rows = { { "GET /healthz", "healthy" }, { "POST /swap", "unchanged" },
      { "GET /readyz", "ready" }, { "POST /pin", '"pinned": true' },
      { "POST /unpin", '"pinned": false' } }
    local bytes = ""
    for _, row in ipairs(rows) do
      bytes = bytes .. request:format(row[1])
    end
    connection:send(bytes)
    for _, row in ipairs(rows) do
      local answer = connection:read("GET")
      assert.equals(200, answer.status)
      assert_says(answer.body, row[2])
    end
    connection:close()
  end)

  it("a client that never reads its answers holds up nobody", function()
    local greedy = connect(server)
    local request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    greedy:try_send(request:rep(200), 1)
    assert.equals(200, (ask(server, "GET /status")).status)
    greedy:close(true)
    server:assert_alive()
  end)
end)

describe("slow ones at the admin interface", function()
  local server
  setup(function()
    server = start({ admin = "DIR/admin.sock", policy = SLOW, arguments = { "--watch", "off" } })
  end)
  teardown(stop_all)

  local function change(text)
    process.write_file(server.dir .. "/policies/policy.lua", SLOW .. "-- " .. text .. "\n")
  end

  local function begin_swap()
    return connect(server):request("POST /swap", { "Host: localhost", "Content-Length: 0" })
  end

  it("half a request keeps nobody waiting, and is ended after 10 s", function()
    local half = connect(server):request("POST /swap",
      { "Host: localhost", "Content-Length: 9" }, "{")
    local silent = connect(server)
    local began = process.now()
    for _ = 1, 20 do
      assert.equals(200, (ask(server, "GET /healthz")).status)
    end
    half.patience, silent.patience = 20, 20
    assert.equals(408, half:read("POST").status)
    assert.is_true(process.now() - began > 8)
    half:assert_closed()
    silent:assert_closed()
  end)

  it("a swap keeps neither questions nor other commands waiting", function()
    change("one")
    local swap = begin_swap()
    local answered = 0
    repeat
      local answer = ask(server, "GET /metrics")
      assert.equals(200, answer.status)
      answered = answered + 1
      assert.equals(409, (post(server, "/shadow/discard")).status)
      swap.handle:settimeout(0)
      local first, err = swap.handle:receive(1)
      swap.received = first or ""
    until first or err ~= "timeout" or answered > 10000
    local answer = swap:read("POST")
    assert.equals(200, answer.status, answer.body)
    assert.equals("done", wire.decode(answer.body).result)
    assert.is_true(answered >= 2, "answered " .. answered .. " times meanwhile")
    swap:close()
  end)

  it("a client that leaves does not take its swap with it", function()
    local _, before = ask(server, "GET /status")
    change("two")
    begin_swap():close()
    local after = process.poll(20, function()
      local _, status = ask(server, "GET /status")
      local active = status.workers[1].generation
      return active > before.workers[1].generation and status
    end)
    assert.is_truthy(after, "the swap was not made")
    server:assert_alive()
  end)

  it("too many of them are refused, and a rollback still has room", function()
    change("three")
    local waiting = {}
    for i = 1, 14 do
      waiting[i] = begin_swap()
    end
    local rollback = post(server, "/rollback")
    assert.is_true(rollback.status == 200 or rollback.status == 409, rollback.body)
    local refused = 0
    for _, connection in ipairs(waiting) do
      connection.patience = 30
      local answer = connection:read("POST")
      local is_busy = answer.status == 503 and wire.decode(answer.body).error == "busy"
      refused = refused + (is_busy and 1 or 0)
      connection:close()
    end
    -- Two at least: the command of the client that left may not be quite over.
    assert.is_true(refused == 2 or refused == 3, refused .. " refused")
  end)

  it("a stop tells those who wait, and ends", function()
    change("four")
    local swap = begin_swap()
    -- The command has begun when another one is refused as its like, or status says building.
    process.poll(5, function()
      local _, status = ask(server, "GET /status")
      for _, generation in ipairs(status.generations) do
        if generation.state == "building" then
          return true
        end
      end
    end)
    server.process:signal("TERM")
    local answer = swap:read("POST")
    local result = wire.decode(answer.body).result
    assert.is_true(result == "busy" or result == "done", answer.body)
    server:assert_left(40)
    servers = {}
  end)
end)

describe("readiness", function()
  after_each(stop_all)

  it("ends with the stop's delay, while questions are still answered", function()
    local server = start({ admin = "DIR/admin.sock",
      arguments = { "--stop-delay", "1s", "--health-path", "/moongate" } })
    assert.equals(200, (ask(server, "GET /readyz")).status)
    assert.equals(200, server:ask("GET /moongate/readyz").status)
    server.process:signal("TERM")
    assert.is_truthy(process.poll(5, function()
      return (ask(server, "GET /readyz")).status == 503
    end))
    assert.equals(503, server:ask("GET /moongate/readyz").status)
    assert.equals(200, (ask(server, "GET /healthz")).status)
    assert.equals(200, (ask(server, "GET /metrics")).status)
    server:assert_left(20)
    servers = {}
  end)
end)
