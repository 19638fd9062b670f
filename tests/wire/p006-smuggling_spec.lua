--- Smuggling: of every malformed or ambiguous request nothing reaches the upstream, and of every
-- strange but legal one exactly one well-formed request does. The recorder reads what came to its
-- end, so that no second request can hide behind the first.

local malformed = require("tests.wire.support.malformed")
local recorder = require("tests.wire.support.recorder")
local wire = require("tests.wire.support")

local POLICY = [[
upstream "default" { "URL" }
default { cors = { origins = { "https://a.example" } } }
]]

local TAIL = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
local OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

local function contains(wanted, status)
  for _, one in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    if one == status then
      return true
    end
  end
  return false
end

describe("what reaches an upstream", function()
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

  for _, row in ipairs(malformed) do
    it("is nothing: " .. row.group .. " " .. wire.show(row.name), function()
      local connection = server:connect():send(row.bytes .. TAIL)
      local answer = connection:read("GET")
      assert.is_true(contains(row.status, answer.status), answer.head)
      assert.is_true(answer:says_close())
      connection:assert_closed()
      upstream:assert_unasked(0)
    end)
  end

  -- Content that is malformed after its head has been sent on: the upstream sees a request that is
  -- never whole, and its connection ends.
  local function chunked(bytes)
    return "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" .. bytes
  end
  for _, row in ipairs({
    { "a size that is none", "xyz\r\n" },
    { "a size with a sign", "+5\r\nhello\r\n" },
    { "a size with 0x", "0x5\r\nhello\r\n" },
    { "white space before a size", " 5\r\nhello\r\n" },
    { "a size beyond 64 bits", "10000000000000005\r\nhello\r\n" },
    { "a bare LF behind a size", "5\nhello\r\n0\r\n\r\n" },
    { "a bare CR behind a size", "5\rhello\r\n0\r\n\r\n" },
    { "a bare LF in an extension (TERM.EXT)", "2;\n0;\r\nxx\r\n" },
    { "a bare LF behind the data", "5\r\nhello\n0\r\n\r\n" },
    { "data longer than its size", "5\r\nhelloX\r\n0\r\n\r\n" },
    { "data shorter than its size", "5\r\nhel\r\n0\r\n\r\n" .. "xxx" },
    { "a bare LF at the end", "5\r\nhello\r\n0\r\n\n" },
    { "Content-Length as a trailer", "0\r\nContent-Length: 5\r\n\r\n" },
    { "a trailer with a bare CR", "0\r\nX: a\rb\r\n\r\n" },
    { "a trailer that is folded", "0\r\nX: a\r\n b\r\n\r\n" },
  }) do
    it("is never whole: " .. row[1], function()
      local connection = server:connect():send(chunked(row[2]) .. TAIL)
      local answer = connection:read("POST")
      assert.equals(400, answer.status)
      assert.is_true(answer:says_close())
      connection:assert_closed()
      local link = upstream:accept()
      link:is_closed(5)
      assert.is_nil(link.received:find("smuggled", 1, true), link.received)
      assert.is_nil(link.received:find("\r\n0\r\n", 1, true), link.received)
      assert.is_nil(recorder.parse(link.received), "a whole request came: " .. link.received)
      upstream:assert_unasked(0)
    end)
  end

  for _, row in ipairs({
    { "empty lines before", "\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", target = "/x" },
    { "chunk extensions", chunked("1;a;b=c;d=\"e;\\\"f\"\r\nx\r\n0;z\r\n\r\n"), body = "x" },
    { "leading zeros of a size", chunked("0001\r\nx\r\n0000\r\n\r\n"), body = "x" },
    { "a coding in capitals",
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      body = "x" },
    { "content that reads like a request",
      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: " .. #TAIL .. "\r\n\r\n" .. TAIL,
      body = TAIL },
    { "chunks that read like a request",
      chunked(string.format("%x\r\n%s\r\n0\r\n\r\n", #TAIL, TAIL)), body = TAIL },
    { "GET with content", "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
      body = "abc" },
    { "an absolute target with another host",
      "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", target = "/x", host = "b" },
    { "Connection that names framing",
      "POST /x HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 3\r\n\r\nabc",
      body = "abc" },
    { "Connection that names Transfer-Encoding",
      "POST /x HTTP/1.1\r\nHost: a\r\nConnection: transfer-encoding\r\n"
      .. "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", body = "abc" },
    { "names that only look like framing",
      "POST /x HTTP/1.1\r\nHost: a\r\nContent_Length: 3\r\nX-Transfer-Encoding: chunked\r\n"
      .. "Transfer_Encoding: chunked\r\n\r\n", body = "" },
    { "a length with leading zeros",
      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\n\r\nabc", body = "abc", length = "3" },
    { "a higher minor version", "GET /x HTTP/1.9\r\nHost: a\r\n\r\n", target = "/x" },
  }) do
    it("is one request, and then the next: " .. row[1], function()
      local connection = server:connect():send(row[2] .. "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
      local seen, link = upstream:take()
      assert.equals(row.target or "/x", seen.target)
      assert.equals(1, seen.minor)
      assert.equals(row.body or "", seen.body)
      assert.equals(row.host or "a", seen:get("Host"))
      assert.equals(row.length or seen:get("Content-Length"), seen:get("Content-Length"))
      assert.equals("", link.received, "bytes behind the request")
      link:send(OK)
      assert.equals(200, connection:read("POST").status)
      assert.equals("/next", link:read_request().target)
      link:send(OK)
      assert.equals(200, connection:read("GET").status)
      connection:close()
    end)
  end

  it("ends with the client: content that breaks off is never whole", function()
    for _, bytes in ipairs({
      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", chunked("3\r\nabc\r\n"),
    }) do
      local connection = server:connect():send(bytes)
      local link = upstream:accept()
      link:read_head()
      connection:finish()
      assert.is_true(link:is_closed(5))
      assert.is_nil(link.received:find("0\r\n\r\n", 1, true))
      connection:close()
    end
  end)
end)
