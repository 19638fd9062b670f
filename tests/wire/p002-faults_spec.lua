--- What an upstream can do wrong, byte by byte: the client gets a readable 502, 503 or 504, or
-- sees that its answer is cut off; the connection to the upstream is given up; the log says why;
-- and no byte of one answer ever gets into another.

local wire = require("tests.wire.support")
local recorder = require("tests.wire.support.recorder")

local POLICY = [[
resource "/wire-probe" { handler = "echo" }
upstream "default" { "URL" }
upstream "nobody" { "http://127.0.0.1:1" }
upstream "no-socket" { "unix:/nonexistent/socket" }
local cors = { origins = { "https://app.example" }, credentials = true }
resource "/{rest...}" { cors = cors }
resource "/nobody" { cors = cors, handler = proxy "nobody" }
resource "/no-socket" { cors = cors, handler = proxy "no-socket" }
]]

local OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
local GET = "GET /x HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n\r\n"
local POST = "POST /x HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
  .. "Content-Length: 3\r\n\r\nabc"

describe("fault of an upstream:", function()
  local upstream, server
  setup(function()
    upstream = recorder.listen()
    server = wire.start({ policy = POLICY:gsub("URL", upstream.url), workers = 1,
      limits = { ["upstream-response"] = "300ms", ["upstream-idle"] = "300ms",
        ["upstream-connections"] = 2 } })
  end)
  teardown(function()
    server:stop()
    upstream:close()
  end)
  after_each(function()
    upstream:reset()
    server:assert_alive()
  end)

  local function assert_readable(answer, status, reason)
    assert.equals(status, answer.status, answer.head)
    assert.equals("https://app.example", answer:get("Access-Control-Allow-Origin"))
    assert.equals("true", answer:get("Access-Control-Allow-Credentials"))
    assert.is_truthy(answer:list_has("Vary", "Origin"))
    assert.is_truthy(answer.body:find(reason, 1, true), answer.body)
  end

  -- Heads that are refused: sent, what the server's log names, and how it ends.
  local heads = {
    { "no HTTP at all", "SSH-2.0-x\r\n", "status-line-malformed" },
    { "a line feed alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "bare-lf" },
    { "a carriage return alone", "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n",
      "bare-cr" },
    { "HTTP/0.9", "hello world\r\n", "status-line-malformed" },
    { "HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", "version-unsupported" },
    { "HTTP/1.10", "HTTP/1.10 200 OK\r\n\r\n", "status-line-malformed" },
    { "lower case", "http/1.1 200 OK\r\n\r\n", "status-line-malformed" },
    { "status 99", "HTTP/1.1 99 X\r\n\r\n", "status-malformed" },
    { "status 099", "HTTP/1.1 099 X\r\n\r\n", "status-out-of-range" },
    { "status 600", "HTTP/1.1 600 X\r\n\r\n", "status-out-of-range" },
    { "status 1000", "HTTP/1.1 1000 X\r\n\r\n", "status-malformed" },
    { "status abc", "HTTP/1.1 abc X\r\n\r\n", "status-malformed" },
    { "status -1", "HTTP/1.1 -20 X\r\n\r\n", "status-malformed" },
    { "two spaces before the status", "HTTP/1.1  200 X\r\n\r\n", "status-malformed" },
    { "NUL in a field", "HTTP/1.1 200 X\r\nX: a\0b\r\n\r\n", "control-byte" },
    { "NUL in the reason", "HTTP/1.1 200 X\0\r\n\r\n", "control-byte" },
    { "BEL in a field", "HTTP/1.1 200 X\r\nX: a\7b\r\n\r\n", "control-byte" },
    { "DEL in a field", "HTTP/1.1 200 X\r\nX: a\127b\r\n\r\n", "control-byte" },
    { "a folded field", "HTTP/1.1 200 X\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n", "obs-fold" },
    { "a field without a name", "HTTP/1.1 200 X\r\n: a\r\n\r\n", "field-name-malformed" },
    { "a field without a colon", "HTTP/1.1 200 X\r\nX\r\n\r\n", "field-name-malformed" },
    { "a field name with a space", "HTTP/1.1 200 X\r\nX Y: a\r\n\r\n", "field-name-malformed" },
    { "two different lengths",
      "HTTP/1.1 200 X\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokx",
      "content-length-repeated" },
    { "two equal lengths", "HTTP/1.1 200 X\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
      "content-length-repeated" },
    { "a list of lengths", "HTTP/1.1 200 X\r\nContent-Length: 2, 2\r\n\r\nok",
      "content-length-malformed" },
    { "a signed length", "HTTP/1.1 200 X\r\nContent-Length: +2\r\n\r\nok",
      "content-length-malformed" },
    { "a length in hexadecimal", "HTTP/1.1 200 X\r\nContent-Length: 0x2\r\n\r\nok",
      "content-length-malformed" },
    { "an empty length", "HTTP/1.1 200 X\r\nContent-Length: \r\n\r\n", "content-length-malformed" },
    { "a length beyond 63 bits", "HTTP/1.1 200 X\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "content-length-malformed" },
    { "a length and a coding",
      "HTTP/1.1 200 X\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "length-with-transfer-encoding" },
    { "a coding that is not chunked", "HTTP/1.1 200 X\r\nTransfer-Encoding: gzip\r\n\r\nx",
      "transfer-coding-unsupported" },
    { "a coding before chunked", "HTTP/1.1 200 X\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "transfer-coding-unsupported" },
    { "chunked twice",
      "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      "transfer-coding-unsupported" },
    { "chunked in HTTP/1.0", "HTTP/1.0 200 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "transfer-encoding-in-http-1-0" },
    { "a bad length of a 204", "HTTP/1.1 204 X\r\nContent-Length: x\r\n\r\n",
      "content-length-malformed" },
    { "101 that nobody asked for",
      "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", "upgrade-unasked" },
    { "more connection options than can be kept apart",
      "HTTP/1.1 200 X\r\nConnection: " .. ("x, "):rep(17) .. "y\r\nContent-Length: 0\r\n\r\n",
      "connection-options" },
    { "the same of an interim answer",
      "HTTP/1.1 103 X\r\nConnection: " .. ("x, "):rep(17) .. "y\r\n\r\n", "connection-options" },
    { "too large a head", "HTTP/1.1 200 X\r\nX: " .. ("a"):rep(17000) .. "\r\n\r\n",
      "head-too-large" },
    { "too many fields", "HTTP/1.1 200 X\r\n" .. ("X: a\r\n"):rep(101) .. "\r\n",
      "too-many-fields" },
    { "interim answers without end", ("HTTP/1.1 102 X\r\n\r\n"):rep(40),
      "too-many-interim-answers", interims = true },
  }

  for _, row in ipairs(heads) do
    it(row[1] .. ": 502", function()
      local connection = server:connect():send(GET)
      local _, link = upstream:take()
      link:send(row[2])
      local answer = connection:read("GET")
      while row.interims and answer.status == 102 do
        answer = connection:read("GET")
      end
      assert_readable(answer, 502, "upstream-malformed")
      assert.is_true(link:is_closed(5), "the connection was kept")
      connection:send((GET:gsub("/x", "/next")))
      local seen, fresh = upstream:take()
      assert.equals("/next", seen.target)
      fresh:send(OK)
      assert.equals("ok", connection:read("GET").body)
      local record = server:records(connection, 2)[1]
      assert.equals("upstream-malformed", record.reason)
      assert.equals("allow", record.decision)
      connection:close()
    end)
  end

  it("the log names server, reason and detail", function()
    local found = wire.process.poll(5, function()
      return server.process:stderr():match("upstream failed[^\n]*detail=[^\n]*")
    end)
    assert.is_truthy(found:find("server=" .. upstream.url, 1, true), found)
    assert.is_truthy(found:find("reason=upstream-malformed", 1, true), found)
  end)

  it("the connection ends before the head: 502", function()
    local connection = server:connect():send(GET)
    local _, link = upstream:take()
    link:close()
    assert_readable(connection:read("GET"), 502, "upstream-closed")
    connection:assert_as_announced()
  end)

  it("the connection is reset before the head: 502", function()
    local connection = server:connect():send(GET)
    local _, link = upstream:take()
    link:close(true)
    assert_readable(connection:read("GET"), 502, "upstream-closed")
    connection:close()
  end)

  it("the connection ends in the head: 502", function()
    local connection = server:connect():send(GET)
    local _, link = upstream:take()
    link:send("HTTP/1.1 200 OK\r\nContent-Le")
    link:close()
    assert_readable(connection:read("GET"), 502, "upstream-closed")
    connection:close()
  end)

  it("nobody listens: 502", function()
    local connection = server:connect():send((GET:gsub("/x", "/nobody")))
    assert_readable(connection:read("GET"), 502, "upstream-connect")
    connection:send((GET:gsub("/x", "/nobody")))
    assert.equals(502, connection:read("GET").status)
    connection:close()
  end)

  for _, request in ipairs({ "GET /nobody HTTP/1.1\r\n",
    "POST /nobody HTTP/1.1\r\nContent-Length: 0\r\n" }) do
    it("nobody listens, and nothing of the request is unread: " .. request:match("%u+"), function()
      local connection = server:connect():send(request .. "Host: a\r\nConnection: close\r\n"
        .. "Origin: https://app.example\r\n\r\n")
      assert_readable(connection:read(request:match("%u+")), 502, "upstream-connect")
      connection:assert_closed()
      assert.equals("client-asked", server:record(connection).close)
    end)
  end

  it("there is no such socket: 502", function()
    local connection = server:connect():send((GET:gsub("/x", "/no-socket")))
    assert_readable(connection:read("GET"), 502, "upstream-connect")
    connection:close()
  end)

  it("nobody listens, and the content is drained: the connection goes on", function()
    local connection = server:connect():send((POST:gsub("/x", "/nobody")))
    assert_readable(connection:read("POST"), 502, "upstream-connect")
    connection:assert_as_announced()
  end)

  it("no answer in time: 504", function()
    local connection = server:connect():send(GET)
    local _, link = upstream:take()
    assert_readable(connection:read("GET"), 504, "upstream-timeout")
    assert.is_true(link:is_closed(5))
    connection:close()
  end)

  it("half a head and no more in time: 504", function()
    local connection = server:connect():send(GET)
    local _, link = upstream:take()
    link:send("HTTP/1.1 200 OK\r\nX-A:")
    assert_readable(connection:read("GET"), 504, "upstream-timeout")
    connection:close()
  end)

  it("all connections are in use: 503", function()
    local first = server:connect():send(GET)
    local _, link1 = upstream:take()
    local second = server:connect():send(GET)
    local _, link2 = upstream:take()
    local third = server:connect():send(GET)
    assert_readable(third:read("GET"), 503, "upstream-busy")
    link1:send(OK)
    link2:send(OK)
    assert.equals(200, first:read("GET").status)
    assert.equals(200, second:read("GET").status)
    first:close()
    second:close()
    third:close()
  end)

  describe("after the head", function()
    -- The content that came, and whether the end was one that the client can tell.
    local function cut_off(answer, after)
      local connection = server:connect():send(GET)
      local _, link = upstream:take()
      link:send(answer)
      while not connection.received:find("\r\n\r\n", 1, true) do
        assert.is_true(connection:receive_some(wire.process.now() + 5))
      end
      after(link)
      local bytes = connection:read_all()
      connection:close()
      return bytes, server:record(connection)
    end

    local function close(link)
      link:close()
    end

    local function stall()
    end

    for _, row in ipairs({
      { "of known length breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", close,
        "upstream-cut-off" },
      { "of known length stalls", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", stall,
        "upstream-stalled" },
      { "in chunks breaks off",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", close,
        "upstream-cut-off" },
      { "in chunks breaks off in a chunk",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", close,
        "upstream-cut-off" },
      { "in chunks breaks off before the last line",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", close,
        "upstream-cut-off" },
      { "has a malformed chunk size",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n", stall,
        "upstream-cut-off" },
      { "has a chunk that is longer than it says",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", stall,
        "upstream-cut-off" },
    }) do
      it("the content " .. row[1] .. ": the client can tell", function()
        local bytes, record = cut_off(row[2], row[3])
        assert.is_truthy(bytes:find("abc", 1, true))
        assert.is_nil(bytes:find("0\r\n\r\n", 1, true), "the content looks whole")
        assert.equals(row[4], record.close)
        assert.equals(200, record.status)
      end)
    end
  end)

  describe("bytes that answer nothing", function()
    -- Whatever came too much, the next request gets its own answer, on another connection.
    local function assert_next_is_clean(connection)
      connection:send((GET:gsub("/x", "/next")))
      local seen, fresh = upstream:take()
      assert.equals("/next", seen.target)
      fresh:send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext")
      assert.equals("next", connection:read("GET").body)
      connection:close()
    end

    for _, row in ipairs({
      { "behind the content", OK .. "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil" },
      { "behind an answer of HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "HEAD" },
      { "behind a 204", "HTTP/1.1 204 X\r\n\r\nevil" },
      { "behind a 304 with a length", "HTTP/1.1 304 X\r\nContent-Length: 4\r\n\r\nevil" },
      { "behind the last chunk",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nevil" },
      { "beyond a length of 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nevil" },
    }) do
      it(row[1] .. " end the connection", function()
        local method = row[3] or "GET"
        local connection = server:connect():send((GET:gsub("^GET", method)))
        local _, link = upstream:take()
        link:send(row[2])
        local answer = connection:read(method)
        assert.is_nil(answer.body:find("evil", 1, true))
        assert.is_true(link:is_closed(5), "the connection was kept")
        assert_next_is_clean(connection)
      end)
    end

    it("on a kept connection end it", function()
      local connection = server:connect():send(GET)
      local _, link = upstream:take()
      link:send(OK)
      assert.equals("ok", connection:read("GET").body)
      link:send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
      assert.is_true(link:is_closed(5), "the connection was kept")
      assert_next_is_clean(connection)
    end)

    it("before a request end the connection, or are its own malformed answer", function()
      local connection = server:connect():send(GET)
      local link = upstream:accept()
      link:send("evil before anything\r\n")
      assert_readable(connection:read("GET"), 502, "upstream-malformed")
      link:close()
      assert_next_is_clean(connection)
    end)
  end)

  describe("a kept connection that ended", function()
    -- Returns a client and a kept connection that the upstream holds.
    local function keep()
      local connection = server:connect():send(GET)
      local _, link = upstream:take()
      link:send(OK)
      assert.equals("ok", connection:read("GET").body)
      return connection, link
    end

    for _, method in ipairs({ "GET", "HEAD", "PUT", "DELETE" }) do
      it("is replaced by another for " .. method .. " without content", function()
        local connection, link = keep()
        connection:send((GET:gsub("^GET", method)))
        link:read_request()
        link:close()
        local seen, fresh = upstream:take()
        assert.equals(method, seen.method)
        fresh:send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert.equals(200, connection:read(method).status)
        connection:close()
      end)
    end

    for _, row in ipairs({
      { "POST", POST },
      { "PUT with content", (POST:gsub("^POST", "PUT")) },
      { "PATCH", (GET:gsub("^GET", "PATCH")) },
    }) do
      it("is 502 for " .. row[1] .. ": it is not sent twice", function()
        local connection, link = keep()
        connection:send(row[2])
        link:read_request()
        link:close()
        assert_readable(connection:read("POST"), 502, "upstream-closed")
        upstream:assert_unasked()
        connection:close()
      end)
    end

    it("is 502 where a byte of the answer came", function()
      local connection, link = keep()
      connection:send(GET)
      link:read_request()
      link:send("H")
      link:close()
      assert_readable(connection:read("GET"), 502, "upstream-closed")
      upstream:assert_unasked()
      connection:close()
    end)

    it("is retried once: a new connection that ends is 502", function()
      local connection, link = keep()
      connection:send(GET)
      link:read_request()
      link:close()
      local _, fresh = upstream:take()
      fresh:close()
      assert_readable(connection:read("GET"), 502, "upstream-closed")
      upstream:assert_unasked()
      connection:close()
    end)

    it("is retried in time: a new connection that says nothing is 504", function()
      local connection, link = keep()
      connection:send(GET)
      link:read_request()
      link:close()
      upstream:take()
      assert_readable(connection:read("GET"), 504, "upstream-timeout")
      connection:close()
    end)

    it("takes the trust from those kept beside it: POST does not go out on them", function()
      local connection, link = keep()
      connection:send(GET)
      link:read_request()
      local beside = server:connect():send(GET)
      local _, other = upstream:take()
      other:send(OK)
      assert.equals("ok", beside:read("GET").body)
      link:send("H")
      link:close()
      assert_readable(connection:read("GET"), 502, "upstream-closed")
      beside:send(POST)
      local seen, fresh = upstream:take()
      assert.equals("POST", seen.method)
      assert.is_true(other:is_closed(5), "the connection was kept")
      fresh:send(OK)
      assert.equals("ok", beside:read("POST").body)
      connection:close()
      beside:close()
    end)

    it("before the request is noticed, also for POST", function()
      local connection, link = keep()
      link:close()
      connection:send(POST)
      local seen, fresh = upstream:take()
      assert.equals("abc", seen.body)
      fresh:send(OK)
      assert.equals(200, connection:read("POST").status)
      connection:close()
    end)
  end)
end)
