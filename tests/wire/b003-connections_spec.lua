--- Connections: keep-alive, pipelining, HTTP/1.0, arrival in pieces, half-close.

local wire = require("tests.wire.support")

local POLICY = [[
resource "/echo/{id}" { handler = "echo" }
resource "/hello" { handler = respond { status = 200, body = "hello\n" } }
resource "/no-content" { handler = respond { status = 204 } }
resource "/not-modified" { handler = respond { status = 304 } }
]]

describe("connection", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY, workers = 1 })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  local function get(path)
    return "GET " .. path .. " HTTP/1.1\r\nHost: a\r\n\r\n"
  end

  local function assert_echoes(connection, id)
    local answer = connection:read("GET")
    assert.equals(200, answer.status, answer.head)
    assert.equals(tostring(id), wire.decode(answer.body).params.id)
    return answer
  end

  it("ends without a reset, though more came behind the last request", function()
    local more = get("/hello"):rep(3000)
    for _, head in ipairs({ "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "GET /hello HTTP/1.0\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" }) do
      local connection = server:connect()
      connection:send(head .. more)
      connection:read("GET")
      connection:finish():assert_closed()
    end
  end)

  it("is kept: one request after another", function()
    local connection = server:connect()
    for id = 1, 20 do
      connection:send(get("/echo/" .. id))
      local answer = assert_echoes(connection, id)
      assert.is_nil(answer:get("Connection"))
    end
    connection:close()
  end)

  it("is closed where the client asks", function()
    local connection = server:connect()
    connection:request("GET /hello", { "Host: a", "Connection: close" })
    assert.is_true(connection:read("GET"):says_close())
    connection:assert_closed()
  end)

  it("is closed where close is one option among others, in any case", function()
    local connection = server:connect()
    connection:request("GET /hello", { "Host: a", "Connection: x-hop, CLOSE" })
    assert.is_true(connection:read("GET"):says_close())
    connection:assert_closed()
  end)

  it("HTTP/1.0 is closed", function()
    local connection = server:connect():send("GET /hello HTTP/1.0\r\n\r\n")
    local answer = connection:read("GET")
    assert.equals(200, answer.status)
    assert.equals("length", answer.framing)
    connection:assert_closed()
  end)

  it("HTTP/1.0 with keep-alive is kept, and told so", function()
    local connection = server:connect()
    for _ = 1, 3 do
      connection:send("GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
      local answer = connection:read("GET")
      assert.equals(200, answer.status)
      assert.is_true(answer:list_has("Connection", "keep-alive"))
    end
    connection:send("GET /hello HTTP/1.0\r\n\r\n")
    connection:read("GET")
    connection:assert_closed()
  end)

  it("HTTP/1.0 never gets chunks or interim answers", function()
    local connection = server:connect()
    connection:send("POST /echo/1 HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc")
    local answer = connection:read("POST")
    assert.equals(200, answer.status)
    assert.is_not.equal("chunked", answer.framing)
    connection:assert_closed()
  end)

  for _, count in ipairs({ 2, 64, 65, 500 }) do
    it(count .. " pipelined requests are answered in order", function()
      local pieces = {}
      for id = 1, count do
        pieces[id] = get("/echo/" .. id)
      end
      local connection = server:connect():send(table.concat(pieces))
      for id = 1, count do
        assert_echoes(connection, id)
      end
      connection:close()
    end)
  end

  it("pipelined requests of every shape keep their frames", function()
    local connection = server:connect():send(
      get("/echo/1"),
      "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" .. get("/no-content") .. get("/not-modified"),
      "POST /echo/2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        .. "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nX-Trailer: 1\r\n\r\n",
      "PUT /echo/3 HTTP/1.1\r\nHost: a\r\nContent-Length: 36\r\n\r\nGET /smuggled HTTP/1.1\r\n"
        .. "Host: a\r\n\r\n\0" .. get("/nowhere") .. get("/echo/4"))
    assert_echoes(connection, 1)
    assert.equals("", connection:read("HEAD").body)
    assert.equals(204, connection:read("GET").status)
    assert.equals(304, connection:read("GET").status)
    assert.equals("hello!", wire.decode(assert_echoes(connection, 2).body).body)
    assert.equals(36, wire.decode(assert_echoes(connection, 3).body).body_length)
    assert.equals(404, connection:read("GET").status)
    assert_echoes(connection, 4)
    connection:close()
  end)

  it("nothing is answered behind a request that asked to close", function()
    local connection = server:connect():send(get("/echo/1")
      .. "GET /echo/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" .. get("/echo/3"))
    assert_echoes(connection, 1)
    assert_echoes(connection, 2)
    connection:assert_closed()
  end)

  it("nothing is answered behind a malformed request, what came before is", function()
    local connection = server:connect():send(get("/echo/1") .. "GET  /echo/2 HTTP/1.1\r\n"
      .. "Host: a\r\n\r\n" .. get("/echo/3"))
    assert_echoes(connection, 1)
    assert.equals(400, connection:read("GET").status)
    connection:assert_closed()
  end)

  it("requests that arrive byte by byte are answered", function()
    local connection = server:connect()
    local bytes = get("/echo/1")
      .. "POST /echo/2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
      .. "POST /echo/3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      .. "2;a=\"b\"\r\nxy\r\n0\r\nT: u\r\n\r\n" .. get("/echo/4")
    for byte in bytes:gmatch(".") do
      connection:send(byte)
    end
    assert_echoes(connection, 1)
    assert.equals("abc", wire.decode(assert_echoes(connection, 2).body).body)
    assert.equals("xy", wire.decode(assert_echoes(connection, 3).body).body)
    assert_echoes(connection, 4)
    connection:close()
  end)

  it("requests cut at every place are answered", function()
    local bytes = "POST /echo/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      .. "3\r\nabc\r\n0\r\n\r\n" .. get("/echo/2")
    local connection = server:connect()
    for cut = 1, #bytes - 1 do
      connection:send(bytes:sub(1, cut))
      connection:send(bytes:sub(cut + 1))
      assert.equals("abc", wire.decode(assert_echoes(connection, 1).body).body, "cut at " .. cut)
      assert_echoes(connection, 2)
    end
    connection:close()
  end)

  it("empty lines before a request line are skipped", function()
    local connection = server:connect()
    connection:send("\r\n\r\n" .. get("/echo/1") .. "\r\n" .. get("/echo/2"))
    assert_echoes(connection, 1)
    assert_echoes(connection, 2)
    connection:close()
  end)

  it("half-closed by the client: what it asked is answered, then it is closed", function()
    local connection = server:connect():send(get("/echo/1") .. get("/echo/2") .. get("/echo/3"))
    connection:finish()
    for id = 1, 3 do
      assert_echoes(connection, id)
    end
    connection:assert_closed()
  end)

  it("half-closed behind more requests than one turn takes: all are answered", function()
    local pieces = {}
    for id = 1, 300 do
      pieces[id] = get("/echo/" .. id)
    end
    local connection = server:connect():send(table.concat(pieces)):finish()
    for id = 1, 300 do
      assert_echoes(connection, id)
    end
    connection:assert_closed()
  end)

  it("half-closed within a head, or within content: closed without a success", function()
    for _, bytes in ipairs({ "GET /echo/1 HT", "GET /echo/1 HTTP/1.1\r\nHost: a\r\n",
      "POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
      "POST /echo/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" }) do
      local connection = server:connect():send(bytes):finish()
      local rest = connection:read_all()
      connection:close()
      assert.is_truthy(rest == "" or rest:find("^HTTP/1%.1 4%d%d "), wire.show(rest))
    end
  end)

  it("closed by the client before the answer: the others are served", function()
    for _ = 1, 50 do
      server:connect():send(get("/echo/1"):rep(20)):close(true)
    end
    assert.equals("hello\n", server:ask("GET /hello").body)
  end)

  it("Upgrade is ignored, and so is what a client hopes to speak next", function()
    for _, fields in ipairs({
      { "Host: a", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" },
      { "Host: a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABk" },
    }) do
      local connection = server:connect()
      connection:request("GET /echo/1", fields, get("/echo/2"))
      assert_echoes(connection, 1)
      assert_echoes(connection, 2)
      connection:close()
    end
  end)

  it("Date is an IMF-fixdate of now", function()
    local date = server:ask("GET /hello"):get("Date")
    local day, month, year, clock = date:match("^%a%a%a, (%d%d) (%a%a%a) (%d%d%d%d) (%S+) GMT$")
    assert.is_string(day, date)
    local now = os.time()
    local found = false
    for ahead = -3, 3 do
      found = found or os.date("!%d %b %Y %X", now + ahead)
        == string.format("%s %s %s %s", day, month, year, clock)
    end
    assert.is_true(found, date)
  end)
end)
