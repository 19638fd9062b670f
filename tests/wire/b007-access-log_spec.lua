--- The access log: one JSON line an exchange, true, and never broken by what clients send.

local wire = require("tests.wire.support")
local process = wire.process

local POLICY = [[
resource "/echo/{rest...}" {
  cors = { origins = { "https://a.example" } },
  handler = "echo",
}
resource "/public" { cors = { origins = "*" }, handler = respond { status = 200, body = "x" } }
]]

describe("access log", function()
  local server
  before_each(function()
    server = wire.start({ policy = POLICY })
  end)
  after_each(function()
    server:assert_alive()
    server:stop()
  end)

  local function record_of(line, fields, content)
    local answer, connection = server:ask(line, fields, content)
    return server:record(connection), answer, connection
  end

  it("says what happened", function()
    local record, _, connection = record_of("PUT /echo/x?y=z", { "Host: a",
      "Origin: https://a.example", "Content-Length: 3" }, "abc")
    assert.equals("PUT", record.method)
    assert.equals("/echo/x?y=z", record.target)
    assert.equals(200, record.status)
    assert.equals("preflighted", record.kind)
    assert.equals("https://a.example", record.origin)
    assert.equals("allow", record.decision)
    assert.equals("/echo/{rest...}", record.resource)
    assert.equals(connection.peer, record.remote:match("^[^:]+"))
  end)

  it("names the policy's file and line", function()
    local record = record_of("GET /echo/x")
    assert.matches("policy%.lua:1$", record.policy)
    record = record_of("GET /public")
    assert.matches("policy%.lua:5$", record.policy)
  end)

  it("has the time of the exchange, and how long it took", function()
    local record = record_of("GET /public")
    local year, month, day = tostring(record.time):match("^(%d%d%d%d)-(%d%d)-(%d%d)T%d%d:%d%d:%d%d")
    assert.is_string(year, tostring(record.time))
    local stamp = os.time({ year = year, month = month, day = day, hour = 12 })
    assert.is_true(math.abs(stamp - os.time()) < 2 * 86400)
    assert.is_true(record.duration_us >= 0 and record.duration_us < 5e6, record.duration_us)
  end)

  it("counts the bytes of the answer, head and all", function()
    local record, answer = record_of("GET /public")
    assert.equals(#answer.head + 2 + #answer.body, record.bytes)
  end)

  it("says why an exchange was refused", function()
    local record = record_of("GET /nowhere")
    assert.equals(404, record.status)
    assert.equals("no-resource", record.reason)
    record = record_of("GET /echo/x", { "Host: a", "Origin: https://evil.example" })
    assert.equals("deny", record.decision)
    assert.equals("origin-denied", record.reason)
    assert.equals("simple", record.kind)
  end)

  it("has a line for what could not be parsed", function()
    local answer, connection = server:exchange("GET /x HTTP/1.1\r\nHost : a\r\n\r\n")
    assert.equals(400, answer.status)
    connection:assert_closed()
    local record = server:record(connection)
    assert.equals(400, record.status)
    assert.matches("^%l[%l%d-]+$", record.reason)
  end)

  it("has one line for each of many pipelined exchanges, in order", function()
    local connection = server:connect()
    local pieces = {}
    for id = 1, 100 do
      pieces[id] = "GET /echo/" .. id .. " HTTP/1.1\r\nHost: a\r\n\r\n"
    end
    connection:send(table.concat(pieces))
    for _ = 1, 100 do
      connection:read("GET")
    end
    connection:close()
    for id, record in ipairs(server:records(connection, 100)) do
      assert.equals("/echo/" .. id, record.target)
    end
    assert.equals(100, #server:log_lines())
  end)

  it("is one valid line an exchange, whatever a client sends", function()
    local values = { '"', "\\", '\\"', "\\n", "\\u0000", "{}", "\t", "\xff\xfe", "\xc3(",
      "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x80\xa8", "%0a", "<script>", ("x"):rep(4000) }
    local connections = {}
    for _, value in ipairs(values) do
      local hostile = "https://a" .. value .. "b"
      for _, bytes in ipairs({
        "GET /echo/ HTTP/1.1\r\nHost: a\r\nOrigin: " .. hostile .. "\r\nConnection: close\r\n\r\n",
        "GET /echo/" .. value .. " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET" .. value .. " /echo/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /echo/ HTTP/1.1\r\nHost: a" .. value .. "\r\nConnection: close\r\n\r\n",
        "OPTIONS /echo/ HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\nConnection: close\r\n"
          .. "Access-Control-Request-Method: " .. value .. "\r\n\r\n",
      }) do
        local answer, connection = server:exchange(bytes)
        connection:read_all()
        connection:close()
        connections[#connections + 1] = { connection, answer.status }
      end
    end
    for _, pair in ipairs(connections) do
      assert.equals(pair[2], server:record(pair[1]).status)
    end
    local lines = server:log_lines()
    assert.equals(#connections, #lines)
    for _, line in ipairs(lines) do
      assert.is_truthy(utf8.len(line), "no UTF-8: " .. wire.show(line))
      assert.is_nil(line:find("[%z\1-\31\127]"), "control byte: " .. wire.show(line))
      assert.is_table(wire.decode(line))
    end
  end)

  it("has the status that a line feed smuggled into a field gets: no line of its own", function()
    local answer, connection = server:exchange(
      'GET /echo/ HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\n{"status":200}\r\n\r\n')
    assert.equals(400, answer.status)
    connection:assert_closed()
    server:record(connection)
    assert.equals(1, #server:log_lines())
  end)

  it("is opened anew on SIGUSR1", function()
    local _, first = server:ask("GET /public")
    server:record(first)
    assert(os.rename(server.dir .. "/access.log", server.dir .. "/access.log.1"))
    server.process:signal("USR1")
    local fresh = process.poll(10, function()
      return process.read_file(server.dir .. "/access.log")
    end)
    assert.is_string(fresh, "no new file after SIGUSR1")
    local _, second = server:ask("GET /public")
    server:record(second)
    assert.equals(1, #server:log_lines())
    assert.equals(1, #server:log_lines("access.log.1"))
  end)

  it("is whole when the server has ended", function()
    local connection = server:connect()
    connection:send(("GET /public HTTP/1.1\r\nHost: a\r\n\r\n"):rep(1000))
    for _ = 1, 1000 do
      connection:read("GET")
    end
    connection:close()
    server.process:signal("TERM")
    assert.equals(0, server.process:wait(20))
    local lines = server:log_lines()
    process.remove_dir(server.dir)
    server = wire.start({ policy = POLICY })
    assert.equals(1000, #lines)
  end)
end)

describe("access log elsewhere:", function()
  it("on standard output", function()
    local server = wire.start({ policy = POLICY, access_log = "-" })
    server:ask("GET /public")
    local line = process.poll(10, function()
      return server.process:stdout():match("\n({[^\n]*})\n")
    end)
    server:stop()
    assert.equals("/public", wire.decode(line).target)
  end)

  it("off", function()
    local server = wire.start({ policy = POLICY, access_log = "off" })
    assert.equals(200, server:ask("GET /public").status)
    assert.is_nil(server.process:stdout():find("{", 1, true))
    assert.is_nil(process.read_file(server.dir .. "/off"))
    server:stop()
  end)

  it("in a directory that is not there: the server does not start", function()
    local status = wire.run({ "serve", "--policy", "POLICY", "--listen", "127.0.0.1:0",
      "--access-log", "/nonexistent/access.log" }, { policy = POLICY })
    assert.equals(4, status)
  end)
end)
