--- Upgrade: a WebSocket's handshake passes for origins that are allowed, and makes a tunnel in
-- which no byte is lost; everything else that asks for an upgrade is answered as if it did not.

local wire = require("tests.wire.support")
local recorder = require("tests.wire.support.recorder")

local POLICY = [[
upstream "default" { "URL" }
resource "/{rest...}" { cors = { origins = { "https://app.example" } } }
resource "/same" { }
resource "/off" { cors = false }
resource "/echo" { handler = "echo" }
resource "/wire-probe" { handler = "echo" }
]]

local ACCEPTED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
  .. "Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

local function handshake(path, origin, more)
  return "GET " .. path .. " HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
    .. "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    .. "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    .. (origin and "Origin: " .. origin .. "\r\n" or "") .. (more or "") .. "\r\n"
end

describe("WebSocket", function()
  local upstream, server
  setup(function()
    upstream = recorder.listen()
    server = wire.start({ policy = POLICY:gsub("URL", upstream.url), workers = 1,
      limits = { ["tunnel-idle"] = "500ms", ["upstream-idle"] = "500ms" } })
  end)
  teardown(function()
    server:stop()
    upstream:close()
  end)
  after_each(function()
    upstream:reset()
    server:assert_alive()
  end)

  local function expect(connection, bytes)
    while #connection.received < #bytes do
      assert.is_true(connection:receive_some(wire.process.now() + 5), "nothing more came")
    end
    assert.equals(bytes, connection.received)
    connection.received = ""
  end

  local function open(path, origin, ours, behind)
    local connection = server:connect():send(handshake(path, origin) .. (ours or ""))
    local seen, link = upstream:take()
    link:send(ACCEPTED .. (behind or ""))
    local answer = connection:read("GET")
    assert.equals(101, answer.status)
    return connection, link, seen, answer
  end

  it("becomes a tunnel, both ways and each by itself", function()
    local connection, link, seen, answer = open("/chat", "https://app.example")
    assert.equals("Upgrade", seen:get("Connection"))
    assert.equals("websocket", seen:get("Upgrade"))
    assert.equals("dGhlIHNhbXBsZSBub25jZQ==", seen:get("Sec-WebSocket-Key"))
    assert.equals("https://app.example", seen:get("Origin"))
    assert.equals("Upgrade", answer:get("Connection"))
    assert.equals("websocket", answer:get("Upgrade"))
    assert.equals("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer:get("Sec-WebSocket-Accept"))
    assert.equals("https://app.example", answer:get("Access-Control-Allow-Origin"))
    connection:send("\x81\x05hello\0\xff")
    expect(link, "\x81\x05hello\0\xff")
    link:send("\r\n\r\nGET")
    expect(connection, "\r\n\r\nGET")
    for i = 1, 20 do
      connection:send("c" .. i)
      expect(link, "c" .. i)
      link:send("s" .. i)
      expect(connection, "s" .. i)
    end
    connection:close()
    assert.is_true(link:is_closed(5))
  end)

  it("loses no byte that follows the handshake at once, on either side", function()
    local connection, link = open("/chat", "https://app.example", "early", "first")
    expect(connection, "first")
    expect(link, "early")
    connection:close()
  end)

  it("says to the end what was begun when one side ends", function()
    local connection, link = open("/chat", nil)
    connection:send("last"):finish()
    expect(link, "last")
    assert.is_true(link:is_closed(5))
    link:send("reply to the last")
    link:close()
    assert.equals("reply to the last", connection:read_all())
    connection:close()
    connection, link = open("/chat", nil)
    link:send("bye")
    link:close()
    assert.equals("bye", connection:read_all())
    connection:close()
    assert.equals("tunnel-ended", server:record(connection).close)
  end)

  it("goes on towards the upstream when that has said all", function()
    local connection, link = open("/chat", nil, nil, "hello")
    link:finish()
    assert.equals("hello", connection:read_all())
    connection:send("late1")
    expect(link, "late1")
    connection:send("late2"):finish()
    link:read_all()
    assert.equals("late2", link.received)
    link:close()
    connection:close()
    assert.equals("tunnel-ended", server:record(connection).close)
  end)

  it("ends with the next bytes when the upstream has closed altogether", function()
    local connection, link = open("/chat", nil)
    link:close()
    assert.equals("", connection:read_all())
    assert.is_truthy(wire.process.poll(5, function()
      local _, err = connection:try_send("x")
      return err
    end), "it goes on")
    connection:close()
    assert.equals("tunnel-ended", server:record(connection).close)
  end)

  it("of which one direction has ended, and the other is silent, is closed", function()
    local connection, link = open("/chat", nil)
    link:finish()
    assert.equals("", connection:read_all())
    assert.is_true(link:is_closed(5))
    connection:close()
    assert.equals("upstream-stalled", server:record(connection).close)
  end)

  it("carries more than any buffer holds, both ways at once", function()
    local connection, link = open("/chat", nil)
    local piece = ("0123456789abcdef"):rep(1 << 14) -- 256 KiB
    local up, down = {}, {}
    local function move(from, to, got, wanted)
      local sent = 0
      return function()
        if sent < wanted then
          from.handle:settimeout(0)
          local last, err, partial = from.handle:send(piece, sent % #piece + 1)
          sent = sent + ((last or partial or 0) - sent % #piece)
          assert(last or err == "timeout", err)
        end
        to.handle:settimeout(0)
        local data, _, partial = to.handle:receive(1 << 18)
        got[#got + 1] = data or partial
        local count = 0
        for _, part in ipairs(got) do
          count = count + #part
        end
        return count >= wanted
      end
    end
    local wanted = 8 << 20
    local upward = move(connection, link, up, wanted)
    local downward = move(link, connection, down, wanted)
    local is_done = wire.process.poll(20, function()
      local a, b = upward(), downward()
      return a and b
    end)
    assert.is_truthy(is_done, "the tunnel came to a halt")
    assert.is_true(table.concat(up) == piece:rep(wanted // #piece))
    assert.is_true(table.concat(down) == piece:rep(wanted // #piece))
    connection:close()
  end)

  it("that is silent for too long is closed", function()
    local connection, link = open("/chat", nil)
    assert.equals("", connection:read_all(5))
    assert.is_true(link:is_closed(5))
    connection:close()
  end)

  for _, row in ipairs({
    { "that is denied, though answers are only withheld from it elsewhere", "/chat",
      "https://evil.example" },
    { "null", "/chat", "null" },
    { "that is malformed", "/chat", "https://app.example/" },
    { "that is another, where a resource has no rule", "/same", "https://app.example" },
  }) do
    it("from an origin " .. row[1] .. ": 403", function()
      local connection = server:connect():send(handshake(row[2], row[3]))
      local answer = connection:read("GET")
      assert.equals(403, answer.status)
      assert.same({}, answer:names_with("access-control-"))
      upstream:assert_unasked()
      connection:assert_as_announced()
    end)
  end

  it("from the server's own origin passes without a rule", function()
    local connection = open("/same", "http://a")
    connection:close()
  end)

  it("passes where the engine does not decide", function()
    local connection = open("/off", "https://evil.example")
    connection:close()
  end)

  it("that the upstream refuses is an answer like any other", function()
    local connection = server:connect():send(handshake("/chat", "https://app.example"))
    local _, link = upstream:take()
    link:answer(426, { "Sec-WebSocket-Version: 13" }, "no")
    local answer = connection:read("GET")
    assert.equals(426, answer.status)
    assert.equals("no", answer.body)
    assert.equals("https://app.example", answer:get("Access-Control-Allow-Origin"))
    connection:assert_as_announced()
  end)

  it("that the upstream upgrades to something else: 502", function()
    local connection = server:connect():send(handshake("/chat", "https://app.example"))
    local _, link = upstream:take()
    link:send("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert.equals(502, connection:read("GET").status)
    connection:close()
  end)

  for _, row in ipairs({
    { "to h2c", "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
      .. "Upgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n" },
    { "of HTTP/1.0", (handshake("/x", nil):gsub("HTTP/1.1", "HTTP/1.0")) },
    { "of POST", (handshake("/x", nil, "Content-Length: 0\r\n"):gsub("^GET", "POST")) },
    { "that Connection does not name", (handshake("/x", nil):gsub("keep%-alive, Upgrade", "x")) },
  }) do
    it("Upgrade " .. row[1] .. " is ignored", function()
      local connection = server:connect():send(row[2])
      local seen, link = upstream:take()
      assert.is_nil(seen:get("Upgrade"))
      assert.is_nil(seen:get("Connection"))
      assert.is_nil(seen:get("HTTP2-Settings"))
      link:answer(200, {}, "ok")
      assert.equals("ok", connection:read("GET").body)
      connection:close()
    end)
  end

  it("is ignored by other handlers, and what follows is the next request", function()
    local connection = server:connect():send(handshake("/echo", nil)
      .. "GET /echo HTTP/1.1\r\nHost: b\r\n\r\n")
    assert.equals(200, connection:read("GET").status)
    assert.equals("b", wire.decode(connection:read("GET").body).host)
    connection:close()
  end)
end)
