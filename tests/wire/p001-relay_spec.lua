--- The gateway: what reaches an upstream, and what of its answer reaches the client, byte for
-- byte, against a recorder that the test scripts.

local wire = require("tests.wire.support")
local recorder = require("tests.wire.support.recorder")

local POLICY = [[
resource "/wire-probe" { handler = "echo" }
upstream "default" { "URL" }
upstream "set" { "URL", host = "api.internal:81" }
local cors = { origins = { "https://app.example" }, methods = { "PUT" }, headers = { "x-a" } }
resource "/{rest...}" { cors = cors }
resource "/slash/{rest...}" { encoded_slash = true }
resource "/set" { handler = proxy "set" }
resource "/forward" { options = "forward", cors = cors }
resource "b/{rest...}" { options = "forward", cors = cors }
]]

describe("proxy", function()
  local upstream, server
  setup(function()
    upstream = recorder.listen()
    server = wire.start({ policy = POLICY:gsub("URL", upstream.url), workers = 1,
      limits = { ["upstream-response"] = "2s" } })
  end)
  teardown(function()
    server:stop()
    upstream:close()
  end)
  after_each(function()
    upstream:reset()
    server:assert_alive()
  end)

  -- One exchange. Returns what reached the upstream, and the answer.
  local function relay(request, answer, method)
    upstream:reset()
    local connection = server:connect():send(request)
    local seen, link = upstream:take()
    link:send(answer)
    local got = connection:read(method or request:match("^%S+"))
    connection:close()
    return seen, got, link
  end

  local OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  it("sends one well-formed request, byte for byte", function()
    local connection = server:connect():send(
      "GET /a?b=%20c HTTP/1.1\r\nHost: api.example\r\nAccept:  x \r\nX-Odd:\tv\xe9\t\r\n\r\n")
    local link = upstream:accept()
    local seen = link:read_request()
    assert.equals("GET /a?b=%20c HTTP/1.1\r\nHost: api.example\r\nAccept: x\r\nX-Odd: v\xe9\r\n"
      .. "X-Forwarded-For: " .. connection.peer .. "\r\nX-Forwarded-Proto: http\r\n"
      .. "X-Forwarded-Host: api.example\r\nForwarded: for=" .. connection.peer
      .. ';host="api.example";proto=http\r\nVia: 1.1 moongate\r\n', seen.head)
    link:send(OK)
    assert.equals("ok", connection:read("GET").body)
    connection:close()
  end)

  for _, row in ipairs({
    { "/a/./b/../c", "/a/c" },
    { "/%7euser/%2d", "/~user/-" },
    { "//a//b/", "//a//b/" },
    { "/a?x=/../%2e&y=%zz", "/a?x=/../%2e&y=%zz" },
    { "/a?", "/a?" },
    { "http://other.example/abs?q", "/abs?q", host = "other.example" },
    { "http://other.example", "/", host = "other.example" },
    { "/slash/a%2fb", "/slash/a%2Fb" },
  }) do
    it("forwards " .. row[1] .. " as " .. row[2], function()
      local seen = relay("GET " .. row[1] .. " HTTP/1.1\r\nHost: a\r\n\r\n", OK)
      assert.equals(row[2], seen.target)
      assert.equals(row.host or "a", seen:get("Host"))
    end)
  end

  it("sets Host where the upstream says so, and tells the client's", function()
    local seen = relay("GET /set HTTP/1.1\r\nHost: api.example\r\n\r\n", OK)
    assert.equals("api.internal:81", seen:get("Host"))
    assert.equals("api.example", seen:get("X-Forwarded-Host"))
  end)

  it("gives a request of HTTP/1.0 without Host the server's", function()
    local seen = relay("GET / HTTP/1.0\r\n\r\n", OK)
    assert.equals(1, seen.minor)
    assert.equals(upstream.authority, seen:get("Host"))
    assert.equals("1.0 moongate", seen:get("Via"))
  end)

  it("takes the fields of one connection off the request (RFC 9110 7.6.1)", function()
    local seen = relay("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-One ,x-two\r\n"
      .. "Keep-Alive: timeout=5\r\nX-One: 1\r\nX-TWO: 2\r\nX-Three: 3\r\nTE: trailers\r\n"
      .. "Upgrade: h2c\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\n\r\n", OK)
    for _, name in ipairs({ "Connection", "Keep-Alive", "X-One", "X-Two", "TE", "Upgrade",
      "Proxy-Connection", "Proxy-Authorization" }) do
      assert.is_nil(seen:get(name), name)
    end
    assert.equals("3", seen:get("X-Three"))
  end)

  it("replaces what a peer that is not trusted says of others", function()
    local seen = relay("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\n"
      .. "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=6.6.6.6\r\n\r\n", OK)
    assert.is_nil(seen.head:find("1.2.3.4", 1, true))
    assert.is_nil(seen.head:find("6.6.6.6", 1, true))
    assert.equals("http", seen:get("X-Forwarded-Proto"))
    assert.equals("a", seen:get("X-Forwarded-Host"))
  end)

  it("cannot be made to drop its own fields by naming them in Connection", function()
    local seen = relay(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: host, via, x-forwarded-for\r\n\r\n", OK)
    assert.equals("a", seen:get("Host"))
    assert.is_truthy(seen:get("X-Forwarded-For"))
    assert.equals("1.1 moongate", seen:get("Via"))
  end)

  it("adds itself behind the others in Via", function()
    local seen = relay("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 first\r\n\r\n", OK)
    assert.same({ "1.1 first", "1.1 moongate" }, seen:all("Via"))
  end)

  it("takes the fields of one connection off the answer", function()
    local _, answer = relay("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n"
      .. "Connection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nX-Kept: 2\r\n"
      .. "Upgrade: h2c\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nok")
    for _, name in ipairs({ "Connection", "X-Secret", "Keep-Alive", "Upgrade",
      "Proxy-Authenticate" }) do
      assert.is_nil(answer:get(name), name)
    end
    assert.equals("2", answer:get("X-Kept"))
  end)

  for _, value in ipairs({ "timeout=1", "max=9, Timeout=1" }) do
    it("gives a connection up before the server does, by Keep-Alive: " .. value, function()
      local connection = server:connect():send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      local _, link = upstream:take()
      local since = wire.process.now()
      link:answer(200, { "Keep-Alive: " .. value })
      assert.equals(200, connection:read("GET").status)
      assert.is_true(link:is_closed(5))
      assert.is_true(wire.process.now() - since > 0.4, "at once")
      connection:close()
    end)
  end

  it("keeps the answer's Date, and gives one that lacks it", function()
    local _, dated = relay("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n"
      .. "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n")
    assert.equals("Sun, 06 Nov 1994 08:49:37 GMT", dated:get("Date"))
    local _, undated = relay("GET / HTTP/1.1\r\nHost: a\r\n\r\n", OK)
    assert.is_truthy(undated:get("Date"))
  end)

  it("removes white space before a colon of the answer (RFC 9112 5.1)", function()
    local _, answer = relay("GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length \t: 2\r\n\r\nok")
    assert.equals("1", answer:get("X-A"))
    assert.equals("ok", answer.body)
  end)

  it("takes an answer without a reason phrase, and without the space before it", function()
    for _, line in ipairs({ "HTTP/1.1 200 ", "HTTP/1.1 200" }) do
      local _, answer = relay("GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        line .. "\r\nContent-Length: 2\r\n\r\nok")
      assert.equals(200, answer.status)
    end
  end)

  describe("content of a request", function()
    it("of known length goes with its length", function()
      local seen = relay("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", OK)
      assert.equals("5", seen:get("Content-Length"))
      assert.equals("hello", seen.body)
    end)

    it("of length 0 stays one", function()
      local seen = relay("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", OK)
      assert.equals("0", seen:get("Content-Length"))
    end)

    it("in chunks goes in chunks, without their extensions", function()
      local seen = relay("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: CHUNKED\r\n\r\n"
        .. "5;a=b\r\nhello\r\n000006\r\n world\r\n0\r\n\r\n", OK)
      assert.equals("chunked", seen:get("Transfer-Encoding"))
      assert.equals("hello world", seen.body)
    end)

    it("keeps trailer fields but those that frame, route or grant", function()
      local seen = relay("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        .. "1\r\nx\r\n0\r\nX-Sum: 1\r\nConnection: close\r\nAuthorization: x\r\n"
        .. "X-Forwarded-For: 1.2.3.4\r\nX-End: 2\r\n\r\n", OK)
      assert.equals("X-Sum: 1\r\nX-End: 2\r\n", seen.trailers)
    end)

    for _, name in ipairs({ "Max-Forwards", "Range", "If-Match", "If-None-Match", "If-Range",
      "If-Modified-Since", "If-Unmodified-Since", "Pragma", "Age", "Expires", "Retry-After",
      "Warning", "Via", "Content-Location" }) do
      it("has no " .. name .. " behind it (RFC 9110 6.5.1)", function()
        local seen = relay("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
          .. "1\r\nx\r\n0\r\n" .. name .. ": 1\r\nX-End: 2\r\n\r\n", OK)
        assert.equals("X-End: 2\r\n", seen.trailers)
      end)
    end

    it("goes as it comes, before it is whole", function()
      local connection = server:connect():send(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
      local link = upstream:accept()
      link:read_head()
      while #link.received < 3 do
        assert.is_true(link:receive_some(wire.process.now() + 5))
      end
      assert.equals("abc", link.received)
      connection:send("def")
      while #link.received < 6 do
        assert.is_true(link:receive_some(wire.process.now() + 5))
      end
      link:send(OK)
      assert.equals(200, connection:read("POST").status)
      connection:close()
    end)

    it("waits for 100 (Continue) of the upstream, end to end", function()
      local connection = server:connect():send(
        "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
      local link = upstream:accept()
      local seen = link:read_head()
      assert.equals("100-continue", seen:get("Expect"))
      connection:assert_silent(0.2)
      link:send("HTTP/1.1 100 Continue\r\n\r\n")
      assert.equals(100, connection:read("PUT").status)
      connection:send("abc")
      while #link.received < 3 do
        assert.is_true(link:receive_some(wire.process.now() + 5))
      end
      link:send(OK)
      assert.equals(200, connection:read("PUT").status)
      connection:close()
    end)

    it("goes without 100 where the client does not wait for it", function()
      local seen = relay("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        .. "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 100 Continue\r\n\r\n" .. OK)
      assert.equals("abc", seen.body)
    end)

    it("that the upstream does not want is not asked for", function()
      local connection = server:connect():send(
        "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
      local link = upstream:accept()
      link:read_head()
      link:send("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
      local answer = connection:read("PUT")
      assert.equals(401, answer.status)
      assert.is_true(answer:says_close())
      connection:assert_closed()
      assert.is_true(link:is_closed(5), "a connection with half a request was kept")
    end)

    it("may still come while the answer already does", function()
      local connection = server:connect():send(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\nabc")
      local link = upstream:accept()
      link:read_head()
      link:send("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno")
      local answer = connection:read("POST")
      assert.equals(413, answer.status)
      assert.equals("no", answer.body)
      connection:close()
    end)
  end)

  describe("content of an answer", function()
    local function get(answer, method)
      local _, got = relay((method or "GET") .. " / HTTP/1.1\r\nHost: a\r\n\r\n", answer)
      return got
    end

    it("in chunks goes in chunks", function()
      local answer = get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        .. "3;x\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
      assert.equals("chunked", answer.framing)
      assert.equals("abcdef", answer.body)
    end)

    it("keeps trailer fields but CORS fields and framing", function()
      local answer = get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        .. "3\r\nabc\r\n0\r\nX-Sum: 1\r\nAccess-Control-Allow-Origin: *\r\nSet-Cookie: a=b\r\n\r\n")
      assert.equals("X-Sum: 1\r\n", answer.trailers)
      assert.equals("X-Sum", answer:get("Trailer"))
    end)

    it("that ends with the connection goes in chunks", function()
      local connection = server:connect():send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      local _, link = upstream:take()
      link:send("HTTP/1.1 200 OK\r\n\r\nabc")
      link:close()
      local answer = connection:read("GET")
      assert.equals("chunked", answer.framing)
      assert.equals("abc", answer.body)
      connection:assert_as_announced()
    end)

    it("in chunks goes to a client of HTTP/1.0 until the end", function()
      local connection = server:connect():send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
      local _, link = upstream:take()
      link:send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
      local answer = connection:read("GET")
      assert.is_nil(answer:get("Transfer-Encoding"))
      assert.equals("abc", answer.body)
    end)

    it("of HEAD does not come, and its length is told", function()
      local answer = get("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", "HEAD")
      assert.equals("1234", answer:get("Content-Length"))
    end)

    it("of HEAD in chunks does not come", function()
      local answer = get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD")
      assert.equals(200, answer.status)
    end)

    for _, status in ipairs({ 204, 304 }) do
      it("of " .. status .. " does not come, and the connection is good for another", function()
        local connection = server:connect():send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        local _, link = upstream:take()
        link:send("HTTP/1.1 " .. status .. " X\r\nETag: \"1\"\r\n\r\n")
        local answer = connection:read("GET")
        assert.equals(status, answer.status)
        assert.is_nil(answer:get("Content-Length"))
        assert.equals('"1"', answer:get("ETag"))
        connection:send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert.equals("/2", link:read_request().target)
        link:send(OK)
        assert.equals("ok", connection:read("GET").body)
        connection:close()
      end)
    end

    it("comes as it goes, before it is whole", function()
      local connection = server:connect():send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      local _, link = upstream:take()
      link:send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
      while not connection.received:find("abc", 1, true) do
        assert.is_true(connection:receive_some(wire.process.now() + 5))
      end
      link:send("def")
      assert.equals("abcdef", connection:read("GET").body)
      connection:close()
    end)

    it("that comes byte by byte is the same", function()
      local connection = server:connect():send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      local _, link = upstream:take()
      local bytes = "HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\n"
        .. "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-T: 1\r\n\r\n"
      for i = 1, #bytes do
        link:send(bytes:sub(i, i))
      end
      assert.equals(103, connection:read("GET").status)
      local answer = connection:read("GET")
      assert.equals("1", answer:get("X-A"))
      assert.equals("abc", answer.body)
      assert.equals("X-T: 1\r\n", answer.trailers)
      connection:close()
    end)
  end)

  describe("interim answers", function()
    it("pass, without CORS fields", function()
      local connection = server:connect():send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      local _, link = upstream:take()
      link:send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n"
        .. "Access-Control-Allow-Origin: *\r\n\r\nHTTP/1.1 102 P\r\n\r\n" .. OK)
      local hints = connection:read("GET")
      assert.equals(103, hints.status)
      assert.equals("</a.css>; rel=preload", hints:get("Link"))
      assert.is_nil(hints:get("Access-Control-Allow-Origin"))
      assert.equals(102, connection:read("GET").status)
      assert.equals(200, connection:read("GET").status)
      connection:close()
    end)

    it("do not pass to a client of HTTP/1.0", function()
      local _, answer = relay("GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        "HTTP/1.1 103 H\r\n\r\nHTTP/1.1 100 C\r\n\r\n" .. OK)
      assert.equals(200, answer.status)
    end)

    it("pass where nobody asked for them, 100 too (RFC 9110 15.2)", function()
      local connection = server:connect():send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      local _, link = upstream:take()
      link:send("HTTP/1.1 100 C\r\n\r\n" .. OK)
      assert.equals(100, connection:read("GET").status)
      assert.equals(200, connection:read("GET").status)
      connection:close()
    end)
  end)

  describe("connections to the upstream", function()
    it("serve one request after another, of any client", function()
      local link
      for i = 1, 5 do
        local connection = server:connect():send(
          "GET /" .. i .. " HTTP/1.1\r\nHost: a\r\n\r\n")
        link = link or upstream:accept()
        assert.equals("/" .. i, link:read_request().target)
        link:send(OK)
        assert.equals("ok", connection:read("GET").body)
        connection:close()
      end
      upstream:assert_unasked()
    end)

    it("are as many as there are requests at a time", function()
      local first = server:connect():send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
      local _, link1 = upstream:take()
      local second = server:connect():send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
      local _, link2 = upstream:take()
      link2:send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo")
      link1:send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")
      assert.equals("one", first:read("GET").body)
      assert.equals("two", second:read("GET").body)
      first:close()
      second:close()
    end)

    for _, row in ipairs({
      { "says close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok" },
      { "is of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok" },
    }) do
      it("are not used again where the answer " .. row[1], function()
        local _, answer, link = relay("GET / HTTP/1.1\r\nHost: a\r\n\r\n", row[2])
        assert.equals("ok", answer.body)
        assert.is_true(link:is_closed(5))
      end)
    end

    it("keep the order of pipelined requests", function()
      local connection = server:connect():send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
        .. "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        .. "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
      local link = upstream:accept()
      for i = 1, 3 do
        assert.equals("/" .. i, link:read_request().target)
        link:send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" .. i)
      end
      for i = 1, 3 do
        assert.equals(tostring(i), connection:read("GET").body)
      end
      connection:close()
    end)
  end)

  describe("OPTIONS", function()
    it("that is a preflight never reaches the upstream", function()
      local answer = server:ask("OPTIONS /forward", { "Host: a", "Origin: https://app.example",
        "Access-Control-Request-Method: PUT" })
      assert.equals(204, answer.status)
      upstream:assert_unasked()
    end)

    it("that is plain is forwarded where the resource says so, one hop fewer to go", function()
      local seen, answer = relay("OPTIONS /forward HTTP/1.1\r\nHost: a\r\nMax-Forwards: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nAllow: X\r\nContent-Length: 0\r\n\r\n")
      assert.equals("1", seen:get("Max-Forwards"))
      assert.equals("X", answer:get("Allow"))
    end)

    it("with no hop to go is answered here (RFC 9110 7.6.2)", function()
      local answer = server:ask("OPTIONS /forward", { "Host: a", "Max-Forwards: 0" })
      assert.equals(204, answer.status)
      assert.is_truthy(answer:get("Allow"))
      upstream:assert_unasked()
    end)

    for _, row in ipairs({
      { "4294967296", "4294967294" }, { "99999999999999999999999", "4294967294" },
      { "4294967295", "4294967294" }, { "007", "6" }, { "x", "x" }, { "-1", "-1" },
    }) do
      it("with Max-Forwards: " .. row[1] .. " goes on with " .. row[2], function()
        local seen = relay("OPTIONS /forward HTTP/1.1\r\nHost: a\r\nMax-Forwards: " .. row[1]
          .. "\r\n\r\n", OK)
        assert.same({ row[2] }, seen:all("Max-Forwards"))
      end)
    end

    for _, target in ipairs({ "http://b", "http://b:80", "*" }) do
      it(target .. " is about this server (RFC 9112 3.2.4)", function()
        assert.equals(204, server:ask("OPTIONS " .. target, { "Host: b" }).status)
        upstream:assert_unasked(0)
      end)
    end

    it("alone is looked at for Max-Forwards", function()
      local seen = relay("GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", OK)
      assert.equals("0", seen:get("Max-Forwards"))
    end)
  end)
end)

describe("proxy behind a trusted proxy", function()
  it("passes on what that says of the client, in the fields it is believed in", function()
    local upstream = recorder.listen()
    local server = wire.start({ policy = POLICY:gsub("URL", upstream.url), workers = 1,
      arguments = { "--trust-proxy", "127.0.0.0/8" } })
    local connection = server:connect():send("GET / HTTP/1.1\r\nHost: inner\r\n"
      .. "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: api.example\r\n"
      .. "Forwarded: for=6.6.6.6\r\n\r\n")
    local seen, link = upstream:take()
    assert.equals("1.2.3.4, " .. connection.peer, seen:get("X-Forwarded-For"))
    assert.equals("https", seen:get("X-Forwarded-Proto"))
    assert.equals("api.example", seen:get("X-Forwarded-Host"))
    assert.is_nil(seen:get("Forwarded"):find("6.6.6.6", 1, true))
    assert.is_truthy(seen:get("Forwarded"):find("proto=https", 1, true))
    link:answer(200, {})
    assert.equals(200, connection:read("GET").status)
    connection:close()
    server:stop()
    upstream:close()
  end)
end)

describe("proxy behind a trusted proxy that sets Forwarded", function()
  local upstream, server
  setup(function()
    upstream = recorder.listen()
    server = wire.start({ policy = POLICY:gsub("URL", upstream.url), workers = 1,
      arguments = { "--trust-proxy", "127.0.0.0/8", "--trust-fields", "forwarded" } })
  end)
  teardown(function()
    server:stop()
    upstream:close()
  end)

  -- What it sent, and what of it goes on.
  for _, row in ipairs({
    { { "for=1.2.3.4;proto=https", 'for="[::1]:80"' },
      'for=1.2.3.4;proto=https, for="[::1]:80", ' },
    { { 'for="evil' }, "" },
    { { 'for="x\\", for=9.9.9.9' }, "" },
    { { "for=9.9.9.9", 'for="evil, for=1.2.3.4' }, "" }, -- the last is the proxy's own
    { { 'for="evil', "for=1.2.3.4" }, "for=1.2.3.4, " },
    { { "for=9.9.9.9", "evil", "", "for=1.2.3.4" }, "for=1.2.3.4, " },
  }) do
    it("passes on what is well-formed: " .. table.concat(row[1], " | "), function()
      local lines = {}
      for i, value in ipairs(row[1]) do
        lines[i] = "Forwarded: " .. value .. "\r\n"
      end
      local connection = server:connect():send("GET / HTTP/1.1\r\nHost: a\r\n"
        .. table.concat(lines) .. "\r\n")
      local seen, link = upstream:take()
      local told = seen:get("Forwarded")
      local ours = told:find("for=" .. connection.peer .. ";host=", 1, true)
      assert.equals(row[2], told:sub(1, ours - 1))
      link:answer(200, { "Connection: close" })
      assert.equals(200, connection:read("GET").status)
      connection:close()
    end)
  end
end)

describe("Moongate-Revision", function()
  local upstream
  before_each(function()
    upstream = recorder.listen()
  end)
  after_each(function()
    upstream:close()
  end)

  for _, mode in ipairs({ "on", "off" }) do
    it("is never an upstream's: " .. mode, function()
      local server = wire.start({ policy = POLICY:gsub("URL", upstream.url), workers = 1,
        arguments = { "--revision-field", mode } })
      local connection = server:connect():send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      local _, link = upstream:take()
      link:send("HTTP/1.1 103 X\r\nMoongate-Revision: forged\r\nX-A: 1\r\n\r\n"
        .. "HTTP/1.1 200 X\r\nmoongate-revision: forged\r\nTransfer-Encoding: chunked\r\n\r\n"
        .. "0\r\nMoongate-Revision: forged\r\nX-B: 2\r\n\r\n")
      local interim = connection:read("GET")
      assert.equals("1", interim:get("X-A"))
      assert.is_nil(interim:get("Moongate-Revision"))
      local answer = connection:read("GET")
      assert.equals("X-B: 2\r\n", answer.trailers)
      local revisions = answer:all("Moongate-Revision")
      assert.equals(mode == "on" and 1 or 0, #revisions)
      assert.not_equals("forged", revisions[1])
      connection:close()
      server:stop()
    end)
  end
end)
