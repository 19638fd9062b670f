--- Limits: of heads, targets, fields, content, time, connections, unsent answers.

local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")
local process = wire.process

local POLICY = [[
resource "/echo" { handler = "echo", cors = { origins = { "https://a.example" } } }
resource "/big" { handler = respond { status = 200, body = string.rep("0123456789abcdef", 16384) } }
resource "/{rest...}" { handler = respond { status = 200, body = "ok" } }
]]

local function start(limits, options)
  options = options or {}
  options.policy = POLICY
  options.limits = limits
  return wire.start(options)
end

describe("head limits", function()
  local server
  setup(function()
    server = start({ ["head-bytes"] = 2000, ["target-bytes"] = 500, fields = 20,
      ["body-bytes"] = 1000 })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  local function head_of(size)
    local start_of_it = "GET / HTTP/1.1\r\nHost: a\r\nX-Pad: "
    return start_of_it .. ("x"):rep(size - #start_of_it - 4) .. "\r\n\r\n"
  end
  local function fields(count)
    local list = { "Host: a" }
    for index = 2, count do
      list[index] = "X-" .. index .. ": y"
    end
    return list
  end
  local target = function(size)
    return "/" .. ("x"):rep(size - 1)
  end

  for _, row in ipairs({
    { "head of the greatest size", send = head_of(2000), status = 200 },
    { "head one byte longer: 431", send = head_of(2001), status = 431, closes = true, cors = false,
      log = { status = 431 } },
    { "target of the greatest size", line = "GET " .. target(500), status = 200 },
    { "target one byte longer: 414", line = "GET " .. target(501), status = 414, closes = true,
      cors = false, log = { status = 414 } },
    { "target in absolute-form counts whole", line = "GET http://a" .. target(493), status = 414 },
    { "as many fields as allowed", line = "GET /", fields = fields(20), status = 200 },
    { "one field more: 431", line = "GET /", fields = fields(21), status = 431, closes = true,
      cors = false },
    { "414 has no CORS fields", line = "GET " .. target(501),
      fields = { "Host: a", "Origin: https://a.example" }, status = 414, cors = false },
    { "one endless field name", send = "GET / HTTP/1.1\r\nHost: a\r\n" .. ("x"):rep(5000),
      status = 431, closes = true },
    { "an endless request line", send = "GET /" .. ("x"):rep(5000), status = { 414, 431 },
      closes = true },
    { "an endless method", send = ("G"):rep(5000), status = { 400, 414, 431, 501 }, closes = true },
    { "endless empty lines", send = ("\r\n"):rep(3000), status = { 400, 431 }, closes = true },
  }) do
    it(row[1], function()
      rows.check(server, row)
    end)
  end

  it("the limit also holds for a head that arrives in pieces", function()
    local connection = server:connect():send("GET / HTTP/1.1\r\nHost: a\r\n")
    for _ = 1, 40 do
      if connection:try_send("X-Pad: " .. ("x"):rep(90) .. "\r\n") == 0 then
        break
      end
    end
    assert.equals(431, connection:read("GET").status)
    connection:assert_closed()
  end)

  it("pipelined heads are counted one by one", function()
    local connection = server:connect():send(head_of(1900):rep(10))
    for _ = 1, 10 do
      assert.equals(200, connection:read("GET").status)
    end
    connection:close()
  end)
end)

describe("time limits", function()
  local server
  setup(function()
    server = start({ ["head-timeout"] = "300ms", ["idle-timeout"] = "400ms",
      ["body-timeout"] = "300ms", ["write-timeout"] = "400ms", ["defer-accept"] = 0 })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  it("head too slow: 408 and closed", function()
    local connection = server:connect():send("GET / HTTP/1.1\r\nHos")
    local answer = connection:read("GET")
    assert.equals(408, answer.status)
    assert.is_true(answer:says_close())
    assert.same({}, answer:names_with("access-control-"))
    connection:assert_closed()
    assert.equals(408, server:record(connection).status)
  end)

  it("a head that trickles is not granted more time by each byte", function()
    local connection = server:connect()
    local began = process.now()
    for byte in ("GET / HTTP/1.1\r\nX-Slow: " .. ("x"):rep(200)):gmatch(".") do
      if connection:try_send(byte) == 0 or process.now() - began > 5 then
        break
      end
      if connection.handle:settimeout(0.02) and #connection.received == 0 then
        local data = connection.handle:receive(1)
        if data then
          connection.received = data
          break
        end
      end
    end
    assert.is_true(process.now() - began < 3, "was granted 3 s")
    assert.equals(408, connection:read("GET").status)
    connection:close()
  end)

  it("a connection that never sent a byte is closed without an answer", function()
    server:connect():assert_closed()
  end)

  it("an idle connection is closed without an answer", function()
    local connection = server:connect():request("GET /")
    assert.equals(200, connection:read("GET").status)
    connection:assert_closed()
  end)

  it("the second head has the time of a head", function()
    local connection = server:connect():request("GET /")
    connection:read("GET")
    connection:send("GET / HT")
    assert.equals(408, connection:read("GET").status)
    connection:assert_closed()
  end)

  it("content that stops: 408, readable, and closed", function()
    for _, framing in ipairs({ "Content-Length: 10", "Transfer-Encoding: chunked" }) do
      local connection = server:connect()
      connection:request("POST /echo", { "Host: a", "Origin: https://a.example", framing },
        framing:find("chunked") and "3\r\nab" or "abc")
      local answer = connection:read("POST")
      while answer.status == 100 do
        answer = connection:read("POST")
      end
      assert.equals(408, answer.status)
      assert.equals("https://a.example", answer:get("Access-Control-Allow-Origin"))
      assert.is_true(answer:says_close())
      connection:assert_closed()
      assert.equals(408, server:record(connection).status)
    end
  end)

  it("content that goes on slowly is read", function()
    local connection = server:connect():request("POST /echo", { "Host: a", "Content-Length: 8" })
    for _ = 1, 8 do
      connection:assert_silent(0.1)
      connection:send("x")
    end
    assert.equals(200, connection:read("POST").status)
    connection:close()
  end)

  it("a client that does not read is dropped", function()
    local connection = server:connect({ receive_buffer = 4096 })
    connection:send(("GET /big HTTP/1.1\r\nHost: a\r\n\r\n"):rep(60))
    local closed = process.poll(10, function()
      return server.process:open_files() <= server.base_files
    end)
    connection:close()
    assert.is_true(closed, "still connected after 10 s")
  end)

  before_each(function()
    server.base_files = process.poll(5, function()
      local count = server.process:open_files()
      return (server.base_files == nil or count <= server.base_files) and count
    end) or server.base_files
  end)
end)

describe("connection limit", function()
  it("further connections get 503, and room again when others leave", function()
    local server = start({ connections = 5, ["defer-accept"] = 0 }, { workers = 1 })
    local held = {}
    for index = 1, 5 do
      held[index] = server:connect():request("GET /")
      assert.equals(200, held[index]:read("GET").status)
    end
    for _ = 1, 3 do
      local refused = server:connect()
      local answer = refused:read("GET")
      assert.equals(503, answer.status)
      assert.is_true(answer:says_close())
      refused:assert_closed()
    end
    held[1]:request("GET /")
    assert.equals(200, held[1]:read("GET").status)
    held[1]:close()
    local served = process.poll(5, function()
      local connection = server:connect()
      connection:try_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      local status = connection:read("GET").status
      connection:close()
      return status == 200
    end)
    assert.is_true(served, "no room although one has left")
    server:stop()
  end)

  it("running out of file descriptors pauses accepting, and nothing spins or ends", function()
    local wrapper = process.make_dir()
    local script = process.write_file(wrapper .. "/limited",
      "#!/bin/sh\nulimit -n 64\nexec " .. process.quote(wire.program()) .. ' "$@"\n')
    os.execute("chmod +x " .. process.quote(script))
    local server = start({ ["defer-accept"] = 0 }, { workers = 1, program = script })
    local held = {}
    for index = 1, 100 do
      held[index] = server:connect()
      held[index]:try_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    end
    assert.equals(200, held[1]:read("GET").status)
    local ticks = server.process:cpu_ticks()
    held[1]:assert_silent(0.5)
    assert.is_true(server.process:cpu_ticks() - ticks < 25, "spins at the descriptor limit")
    for index = 1, 50 do
      held[index]:close()
    end
    for index = 51, 100 do
      assert.equals(200, held[index]:read("GET").status)
      held[index]:close()
    end
    server:stop()
    process.remove_dir(wrapper)
  end)
end)

describe("pipelined requests in one turn", function()
  it("are few; the others get theirs in later turns, in order", function()
    local server = start({ pipelined = 2 }, { workers = 1 })
    local connection = server:connect()
    connection:send(("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"):rep(49)
      .. "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):finish()
    for _ = 1, 49 do
      assert.equals("ok", connection:read("GET").body)
    end
    assert.is_true(connection:read("HEAD"):says_close())
    connection:assert_closed()
    server:stop()
  end)
end)

describe("unsent answers", function()
  it("stop the reading of further requests; all come, in order, once the client reads", function()
    local server = start({ ["unsent-bytes"] = 65536, ["write-timeout"] = "20s" }, { workers = 1 })
    local connection = server:connect({ receive_buffer = 8192 })
    local count = 400
    connection:send(("GET /big HTTP/1.1\r\nHost: a\r\n\r\n"):rep(count))
    local other = server:connect():request("GET /")
    assert.equals(200, other:read("GET").status)
    other:close()
    if not wire.is_sanitized() then
      local grown = server.process:proc_status("VmHWM")
      assert.is_true(grown < 60 * 1024, "keeps " .. grown .. " KiB for one client")
    end
    for _ = 1, count do
      assert.equals(262144, #connection:read("GET").body)
    end
    connection:close()
    server:stop()
  end)
end)
