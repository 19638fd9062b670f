--- Under attack and at the end: floods, idle crowds, slow readers, SIGTERM.

local wire = require("tests.wire.support")
local process = wire.process

local POLICY = [[
resource "/hello" { handler = respond { status = 200, body = "hello\n" },
  cors = { origins = { "https://a.example" } } }
resource "/echo" { handler = "echo" }
resource "/big" { handler = respond { status = 200, body = string.rep("0123456789abcdef", 65536) } }
]]

local GET = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

local function assert_serves(server)
  local answer, connection = server:exchange(GET)
  connection:close()
  assert.equals("hello\n", answer.body)
end

describe("server", function()
  local server
  before_each(function()
    server = wire.start({ policy = POLICY, limits = { ["defer-accept"] = 0,
      ["head-timeout"] = "2s" } })
  end)
  after_each(function()
    server:assert_alive()
    server:stop()
  end)

  it("serves others while 500 idle connections are open", function()
    local idle = {}
    for index = 1, 500 do
      idle[index] = server:connect()
      if index % 2 == 0 then
        idle[index]:send("GET /hello HTTP/1.1\r\nHos")
      end
    end
    local began = process.now()
    for _ = 1, 50 do
      assert_serves(server)
    end
    assert.is_true(process.now() - began < 5, "50 requests took 5 s")
    for _, connection in ipairs(idle) do
      connection:close()
    end
    assert_serves(server)
  end)

  -- Deterministic garbage: mutations of real requests.
  local function garbage(seed)
    local state = seed * 2654435761 % 4294967296
    local function random(limit)
      state = (state * 1664525 + 1013904223) % 4294967296
      return state // 65536 % limit
    end
    local bytes = ({
      GET,
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        .. "5\r\nabcde\r\n0\r\n\r\n",
      "OPTIONS /hello HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n"
        .. "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a, x-b\r\n\r\n",
      "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"
        .. "0123456789",
    })[1 + random(4)]
    for _ = 1, 1 + random(6) do
      local at = 1 + random(math.max(1, #bytes))
      local kind = random(4)
      if kind == 0 then
        bytes = bytes:sub(1, at - 1) .. string.char(random(256)) .. bytes:sub(at + 1)
      elseif kind == 1 then
        bytes = bytes:sub(1, at) .. bytes:sub(at - at // 2)
      elseif kind == 2 then
        bytes = bytes:sub(1, at - 1) .. bytes:sub(at + 1)
      else
        bytes = bytes:sub(1, math.max(1, at))
      end
    end
    return bytes
  end

  local function flood(from, to)
    for seed = from, to do
      local connection = server:connect()
      connection:try_send(garbage(seed), 1)
      if seed % 3 ~= 0 then
        connection:finish()
        local received = connection:read_all()
        assert.is_truthy(received == "" or received:find("^HTTP/1%.1 [1-5]%d%d "),
          "seed " .. seed .. ": " .. wire.show(garbage(seed)) .. " got " .. wire.show(received))
      end
      connection:close(seed % 2 == 0)
    end
  end

  it("survives a flood of malformed and half-sent requests without growing", function()
    flood(1, 600)
    local before = server.process:proc_status("VmRSS")
    flood(601, 2400)
    assert_serves(server)
    local after = server.process:proc_status("VmRSS")
    if not wire.is_sanitized() then
      assert.is_true(after - before < 1024, string.format("%d KiB, then %d KiB", before, after))
    end
  end)

  it("keeps no descriptors of connections that are gone", function()
    flood(1, 100)
    local gone = process.poll(10, function()
      local before = server.process:open_files()
      flood(1, 30)
      return server.process:open_files() <= before
    end)
    assert.is_true(gone)
    local low = process.poll(10, function()
      return server.process:open_files() < 60
    end)
    assert.is_true(low, server.process:open_files() .. " descriptors are open")
  end)

  it("does not grow by keep-alive", function()
    local connection = server:connect()
    local function run(count)
      for _ = 1, count do
        connection:send(GET:rep(50))
        for _ = 1, 50 do
          assert.equals(200, connection:read("GET").status)
        end
      end
    end
    run(40)
    local before = server.process:proc_status("VmRSS")
    run(120)
    local after = server.process:proc_status("VmRSS")
    connection:close()
    if not wire.is_sanitized() then
      assert.is_true(after - before < 1024, string.format("%d KiB, then %d KiB", before, after))
    end
  end)

  it("serves others beside a client that reads slowly, and it all the same", function()
    local slow = server:connect({ receive_buffer = 4096 })
    slow:send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ = 1, 20 do
      assert_serves(server)
    end
    assert.equals(1048576, #slow:read("GET").body)
    slow:close()
  end)

  it("serves others beside one that pipelines without end", function()
    local greedy = server:connect()
    greedy:send(GET:rep(3000))
    for _ = 1, 20 do
      assert_serves(server)
    end
    for _ = 1, 3000 do
      assert.equals(200, greedy:read("GET").status)
    end
    greedy:close()
  end)
end)

describe("SIGTERM", function()
  local server
  before_each(function()
    server = wire.start({ policy = POLICY, limits = { ["defer-accept"] = 0 } })
  end)

  it("with nothing to do: leaves at once with 0", function()
    server.process:signal("TERM")
    server:assert_left(3)
  end)

  it("SIGINT does the same", function()
    server.process:signal("INT")
    server:assert_left(3)
  end)

  it("every request that was sent before it is answered whole", function()
    local connections = {}
    for index = 1, 60 do
      connections[index] = server:connect()
    end
    for _, connection in ipairs(connections) do
      connection:send(GET)
    end
    server.process:signal("TERM")
    for _, connection in ipairs(connections) do
      assert.equals("hello\n", connection:read("GET").body)
      connection:close()
    end
    server:assert_left(10)
  end)

  it("requests that wait on kept connections are answered, with Connection: close", function()
    local connections = {}
    for index = 1, 40 do
      connections[index] = server:connect():send(GET)
      connections[index]:read("GET")
    end
    for _, connection in ipairs(connections) do
      connection:send(GET)
    end
    server.process:signal("TERM")
    for _, connection in ipairs(connections) do
      assert.equals("hello\n", connection:read("GET").body)
      connection:close()
    end
    server:assert_left(10)
  end)

  it("an exchange in flight ends in order, and new connections are refused", function()
    local flying = server:connect():request("POST /echo",
      { "Host: a", "Content-Length: 6", "Expect: 100-continue" })
    assert.equals(100, flying:read("POST").status)
    flying:send("abc")
    server.process:signal("TERM")
    local refused = process.poll(10, function()
      local handle = require("socket").tcp4()
      handle:settimeout(2)
      local connected = handle:connect("127.0.0.1", server.port)
      handle:close()
      return not connected
    end)
    assert.is_true(refused, "still accepts 10 s after SIGTERM")
    flying:send("def")
    local answer = flying:read("POST")
    assert.equals("abcdef", wire.decode(answer.body).body)
    assert.is_true(answer:says_close())
    flying:assert_closed()
    server:assert_left(10)
  end)

  it("an answer that a slow client is still reading arrives whole", function()
    local slow = server:connect({ receive_buffer = 4096 })
    slow:send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
    local probe = server:connect():send(GET)
    probe:read("GET")
    probe:close()
    server.process:signal("TERM")
    assert.equals(1048576, #slow:read("GET").body)
    slow:assert_closed()
    server:assert_left(10)
  end)

  it("a load of pipelined requests ends between two answers, never within one", function()
    local connections = {}
    for index = 1, 20 do
      connections[index] = server:connect():send(GET:rep(200))
    end
    server.process:signal("TERM")
    for _, connection in ipairs(connections) do
      local count = 0
      repeat
        local answer = connection:read("GET")
        assert.equals("hello\n", answer.body)
        count = count + 1
      until answer:says_close() or count == 200
      connection:close()
    end
    server:assert_left(10)
  end)

  it("what does not end is cut off after the stop timeout", function()
    server:stop()
    server = wire.start({ policy = POLICY, limits = { ["stop-timeout"] = "500ms" } })
    local stuck = server:connect():request("POST /echo", { "Host: a", "Content-Length: 6" }, "abc")
    local probe = server:connect():send(GET)
    probe:read("GET")
    server.process:signal("TERM")
    server:assert_left(8)
    stuck:close()
    probe:close()
  end)

  it("waits --stop-delay first, and serves meanwhile", function()
    server:stop()
    server = wire.start({ policy = POLICY, arguments = { "--stop-delay", "2" } })
    server.process:signal("TERM")
    local began = process.now()
    assert_serves(server)
    server:assert_left(20)
    assert.is_true(process.now() - began > 1.5, "left at once")
  end)
end)
