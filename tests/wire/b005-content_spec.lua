--- Request content: lengths, chunks, Expect.

local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")

local POLICY = [[
local cors = { origins = { "https://a.example" } }
resource "/echo" { handler = "echo", cors = cors }
resource "/hello" {
  methods = { "GET" }, handler = respond { status = 200, body = "hello\n" }, cors = cors,
}
resource "/reject" { handler = "echo", cors = {
  origins = { "https://a.example" }, on_denied = "reject" } }
]]

describe("content", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY, limits = { ["body-bytes"] = 100000 },
      arguments = { "--public-origin", "https://self.example" } })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  local function post(fields, content, path)
    return "POST " .. (path or "/echo") .. " HTTP/1.1\r\nHost: a\r\n"
      .. table.concat(fields, "\r\n") .. "\r\n\r\n" .. content
  end
  local CHUNKED = { "Transfer-Encoding: chunked" }

  for _, row in ipairs({
    { "length 0", { "Content-Length: 0" }, "", "" },
    { "no length", { "X-A: b" }, "", "" },
    { "a length with leading zeros", { "Content-Length: 0003" }, "abc", "abc" },
    { "one chunk", CHUNKED, "3\r\nabc\r\n0\r\n\r\n", "abc" },
    { "no chunk", CHUNKED, "0\r\n\r\n", "" },
    { "many chunks", CHUNKED, ("1\r\nx\r\n"):rep(1000) .. "0\r\n\r\n", ("x"):rep(1000) },
    { "hexadecimal sizes in any case", CHUNKED, "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
      "01234567890123456789a" },
    { "sizes with leading zeros", CHUNKED, "003\r\nabc\r\n000\r\n\r\n", "abc" },
    { "several zeros as last chunk", CHUNKED, "0000\r\n\r\n", "" },
    { "chunk extensions", CHUNKED,
      "1;a=b;c=d\r\nx\r\n1;e;f=\"q;\\\"\\\\\"\r\ny\r\n0;last\r\n\r\n", "xy" },
    { "trailer fields", CHUNKED,
      "1\r\nx\r\n0\r\nX-A: 1\r\nx-b:\r\nETag: \"x\"\r\n\r\n", "x" },
    { "a coding in any case", { "Transfer-Encoding: Chunked" }, "1\r\nx\r\n0\r\n\r\n", "x" },
    { "CRLF within chunks", CHUNKED, "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n" },
  }) do
    it("with " .. row[1] .. " arrives", function()
      local answer, connection = server:exchange(post(row[2], row[3]))
      assert.equals(200, answer.status, answer.head)
      assert.equals(row[4], wire.decode(answer.body).body)
      connection:assert_as_announced()
    end)
  end

  it("of the greatest size allowed arrives, one octet more is 413", function()
    local answer, connection = server:exchange(
      post({ "Content-Length: 100000" }, ("x"):rep(100000)))
    assert.equals(100000, wire.decode(answer.body).body_length)
    connection:assert_as_announced()
    answer, connection = server:exchange(post({ "Content-Length: 100001" }, ("x"):rep(100001)))
    assert.equals(413, answer.status)
    connection:assert_as_announced()
    answer, connection = server:exchange(
      post(CHUNKED, "186a0\r\n" .. ("x"):rep(100000) .. "\r\n0\r\n\r\n"))
    assert.equals(200, answer.status)
    connection:assert_as_announced()
    answer, connection = server:exchange(
      post(CHUNKED, "186a0\r\n" .. ("x"):rep(100000) .. "\r\n1\r\nx\r\n0\r\n\r\n"))
    assert.equals(413, answer.status)
    connection:assert_as_announced()
  end)

  for _, row in ipairs({
    { "size that is no number", "g\r\nx\r\n0\r\n\r\n" },
    { "empty size", "\r\nx\r\n0\r\n\r\n" },
    { "signed size", "+1\r\nx\r\n0\r\n\r\n" },
    { "negative size", "-1\r\nx\r\n0\r\n\r\n" },
    { "size with 0x", "0x1\r\nx\r\n0\r\n\r\n" },
    { "space before a size", " 1\r\nx\r\n0\r\n\r\n" },
    { "size beyond 64 bits", "10000000000000001\r\nx\r\n0\r\n\r\n" },
    { "size of 20 digits", "fffffffffffffffffffff\r\nx\r\n0\r\n\r\n" },
    { "bare LF behind a size", "1\nx\r\n0\r\n\r\n" },
    { "bare CR behind a size", "1\rx\r\n0\r\n\r\n" },
    { "chunk longer than its size", "1\r\nxy\r\n0\r\n\r\n" },
    { "bare LF behind a chunk", "1\r\nx\n0\r\n\r\n" },
    { "bare CR behind a chunk", "1\r\nx\r0\r\n\r\n" },
    { "bare LF in an extension", "1;a\nb\r\nx\r\n0\r\n\r\n" },
    { "bare CR in an extension", "1;a\rb\r\nx\r\n0\r\n\r\n" },
    { "control byte in an extension", "1;a=\"\1\"\r\nx\r\n0\r\n\r\n" },
    { "extension without a name", "1;\r\nx\r\n0\r\n\r\n" },
    { "open quote in an extension", "1;a=\"b\r\nx\r\n0\r\n\r\n" },
    { "endless extension", "1;a=" .. ("b"):rep(40000) .. "\r\nx\r\n0\r\n\r\n" },
    { "bare LF in a trailer", "0\r\nX-A: 1\nX-B: 2\r\n\r\n" },
    { "bare LF at the end", "0\r\n\n" },
    { "obs-fold in a trailer", "0\r\nX-A: 1\r\n 2\r\n\r\n" },
    { "trailer without a colon", "0\r\nX-A\r\n\r\n" },
    { "space before a trailer's colon", "0\r\nX-A : 1\r\n\r\n" },
    { "trailer without a name", "0\r\n: 1\r\n\r\n" },
    { "Content-Length in a trailer", "0\r\nContent-Length: 5\r\n\r\n" },
    { "Transfer-Encoding in a trailer", "0\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { "endless trailer", "0\r\n" .. ("X-A: bcdef\r\n"):rep(4000) .. "\r\n" },
  }) do
    it("in chunks with " .. row[1] .. " is refused and the connection closed", function()
      local answer, connection = server:exchange(post(CHUNKED, row[2]))
      assert.is_true(answer.status == 400 or answer.status == 431, "status " .. answer.status)
      assert.is_true(answer:says_close())
      connection:assert_closed()
    end)
  end

  it("a refusal before all content has been read reaches a client that sends it all", function()
    local connection = server:connect()
    connection:send(post({ "Content-Length: 900000" }, ("x"):rep(100000)))
    for _ = 1, 8 do
      connection:try_send(("x"):rep(100000))
    end
    local answer = connection:read("POST")
    assert.equals(413, answer.status)
    connection:assert_as_announced()
  end)

  describe("Expect", function()
    local EXPECT = { "Content-Length: 3", "Expect: 100-continue" }

    it("100-continue: the interim answer comes before the content", function()
      for _, value in ipairs({ "100-continue", "100-Continue" }) do
        local connection = server:connect()
        connection:send(post({ "Content-Length: 3", "Expect: " .. value }, ""))
        assert.equals(100, connection:read("POST").status)
        connection:send("abc")
        local answer = connection:read("POST")
        assert.equals(200, answer.status)
        assert.equals("abc", wire.decode(answer.body).body)
        connection:assert_as_announced()
      end
    end)

    it("100-continue with chunked content", function()
      local connection = server:connect()
      connection:send(post({ "Transfer-Encoding: chunked", "Expect: 100-continue" }, ""))
      assert.equals(100, connection:read("POST").status)
      connection:send("3\r\nabc\r\n0\r\n\r\n")
      assert.equals("abc", wire.decode(connection:read("POST").body).body)
      connection:assert_as_announced()
    end)

    it("100-continue with the content at hand: at most one interim answer", function()
      local connection = server:connect():send(post(EXPECT, "abc"))
      local answer = connection:read("POST")
      if answer.status == 100 then
        answer = connection:read("POST")
      end
      assert.equals(200, answer.status)
      connection:assert_as_announced()
    end)

    it("100-continue without content: no interim answer is owed", function()
      local answer, connection = server:exchange(
        "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n")
      assert.equals(200, answer.status)
      connection:assert_as_announced()
    end)

    for _, row in ipairs({
      { "413", { "Content-Length: 100001", "Expect: 100-continue" }, "/echo" },
      { "404", EXPECT, "/nowhere" },
      { "405", EXPECT, "/hello" },
      { "403", { "Origin: https://b.example", table.unpack(EXPECT) }, "/reject" },
    }) do
      it("100-continue and " .. row[1] .. ": the final answer comes at once", function()
        local answer, connection, interim = server:exchange(post(row[2], "", row[3]))
        assert.equals(tonumber(row[1]), answer.status)
        assert.equals(0, #interim)
        -- The client does not send the content: the server cannot know where a next request
        -- would begin, unless it closes.
        assert.is_true(answer:says_close())
        connection:assert_closed()
      end)
    end

    for _, value in ipairs({ "200-ok", "100-continue, x", "100-continue=1", "\"100-continue\"" }) do
      it(value .. " is 417", function()
        rows.check(server, { send = post({ "Content-Length: 0", "Expect: " .. value }, ""),
          status = 417 })
      end)
    end

    it("417 is readable by an allowed origin", function()
      rows.check(server, { status = 417,
        send = post({ "Expect: x", "Origin: https://a.example" }, ""),
        equal = { ["Access-Control-Allow-Origin"] = "https://a.example" } })
    end)
  end)
end)
