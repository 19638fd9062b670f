--- Streams: content of any size passes both ways in bounded memory, however slow one side is; and
-- what is given up at any stage leaves nothing behind.
--
-- Environment: WIRE_STREAM_BYTES, octets of each large transfer (default 64 MiB; the long run
-- sets 10 GiB).

local wire = require("tests.wire.support")
local recorder = require("tests.wire.support.recorder")
local process = wire.process

local BYTES = math.tointeger(tonumber(os.getenv("WIRE_STREAM_BYTES")) or 64 << 20)
local PIECE = ("0123456789abcdef"):rep(1 << 12) -- 64 KiB
local UPLOADS = 2000
local MEMORY_KIB = 64 << 10
local POLICY = [[
upstream "default" { "URL" }
default { cors = { origins = { "https://a.example" } } }
]]

describe("stream", function()
  local upstream, server, at_rest
  setup(function()
    upstream = recorder.listen()
    server = wire.start({ policy = POLICY:gsub("URL", upstream.url), workers = 1,
      limits = { ["upstream-connections"] = UPLOADS } })
    at_rest = server.process:open_files()
  end)
  teardown(function()
    server:stop()
    upstream:close()
  end)
  after_each(function()
    upstream:reset()
    server:assert_alive()
  end)

  local function status_of(name)
    local text = assert(process.read_file("/proc/" .. server.pid .. "/status"))
    return tonumber(text:match(name .. ":%s*(%d+)"))
  end

  local function assert_small()
    if not wire.is_sanitized() then
      local peak = status_of("VmHWM")
      assert.is_true(peak < MEMORY_KIB, "peak of " .. peak .. " KiB")
    end
  end

  -- Sends `bytes` octets of PIECE over and over from one connection and takes what comes on the
  -- other until `total` octets came, all of them as sent. `frame` wraps each piece.
  local function pump(from, to, bytes)
    local sent, got = 0, 0
    from.handle:settimeout(0)
    to.handle:settimeout(0)
    local ended = process.now() + 20 + bytes / (20 << 20)
    while got < bytes do
      if sent < bytes then
        local at = sent % #PIECE
        local last, err, partial = from.handle:send(PIECE, at + 1,
          math.min(#PIECE, at + bytes - sent))
        assert(last or err == "timeout", err)
        sent = sent + (last or partial) - at
      end
      local data, err, partial = to.handle:receive(1 << 16)
      data = data or partial
      assert(data ~= "" or err == "timeout", "the other side ended: " .. tostring(err))
      if data ~= "" then
        local at = got % #PIECE
        local wanted = (PIECE .. PIECE):sub(at + 1, at + #data)
        assert(#data <= #PIECE and data == wanted, "octets differ behind " .. got)
        got = got + #data
      end
      assert(process.now() < ended, "the stream came to a halt behind " .. got)
    end
  end

  it("up: a request of known length", function()
    local connection = server:connect():send(
      "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: " .. BYTES .. "\r\n\r\n")
    local link = upstream:accept()
    link:read_head()
    pump(connection, link, BYTES)
    link:send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert.equals(200, connection:read("PUT").status)
    connection:close()
    assert_small()
  end)

  it("down: an answer of known length", function()
    local connection = server:connect():send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    local _, link = upstream:take()
    link:send("HTTP/1.1 200 OK\r\nContent-Length: " .. BYTES .. "\r\n\r\n")
    while not connection.received:find("\r\n\r\n", 1, true) do
      assert.is_true(connection:receive_some(process.now() + 5))
    end
    pump(link, connection, BYTES)
    connection:close()
    assert_small()
  end)

  it("down: an answer that ends with its connection goes on in chunks", function()
    local connection = server:connect():send("GET /x HTTP/1.0\r\nHost: a\r\n\r\n")
    local _, link = upstream:take()
    link:send("HTTP/1.1 200 OK\r\n\r\n")
    while not connection.received:find("\r\n\r\n", 1, true) do
      assert.is_true(connection:receive_some(process.now() + 5))
    end
    pump(link, connection, math.min(BYTES, 64 << 20))
    link:close()
    connection.received = ""
    assert.equals("", connection:read_all())
    connection:close()
  end)

  -- What a side that does not read can make the server hold.
  local function fill(from, patience)
    from.handle:settimeout(0)
    local sent, last_progress = 0, process.now()
    while process.now() - last_progress < patience do
      local last, _, partial = from.handle:send(PIECE)
      local count = last or partial
      if count > 0 then
        sent, last_progress = sent + count, process.now()
      end
      assert(sent < 256 << 20, "nothing holds the sender back")
    end
    return sent
  end

  it("holds a client back while the upstream does not read", function()
    local before = status_of("VmRSS")
    local connection = server:connect():send(
      "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: " .. (1 << 40) .. "\r\n\r\n")
    local link = upstream:accept()
    link:read_head()
    fill(connection, 0.3)
    if not wire.is_sanitized() then
      assert.is_true(status_of("VmRSS") - before < 2048, "more than 2 MiB are held")
    end
    connection:close()
    assert.is_true(link:is_closed(20))
  end)

  it("holds an upstream back while the client does not read", function()
    local before = status_of("VmRSS")
    local connection = server:connect({ receive_buffer = 4096 }):send(
      "GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    local _, link = upstream:take()
    link:send("HTTP/1.1 200 OK\r\nContent-Length: " .. (1 << 40) .. "\r\n\r\n")
    fill(link, 0.3)
    if not wire.is_sanitized() then
      assert.is_true(status_of("VmRSS") - before < 2048, "more than 2 MiB are held")
    end
    connection:close()
  end)

  it("up: two thousand at a time, an octet here and an octet there", function()
    local clients, links = {}, {}
    for i = 1, UPLOADS do
      clients[i] = server:connect():send(
        "PUT /" .. i .. " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na")
      links[i] = upstream:accept()
    end
    for _, octet in ipairs({ "b", "c" }) do
      for i = 1, UPLOADS do
        clients[i]:send(octet)
      end
    end
    for i = 1, UPLOADS do
      local seen = links[i]:read_request()
      assert.equals("abc", seen.body)
      links[i]:answer(200, {}, seen.target)
    end
    for i = 1, UPLOADS do
      assert.equals("/" .. i, clients[i]:read("PUT").body)
      clients[i]:close()
    end
    assert_small()
  end)

  describe("given up", function()
    -- Each stage of an exchange, with the client's part and the upstream's.
    local stages = {
      { "in the head of the request", "GET /x HTTP/1.1\r\nHo", nil, nil },
      { "before the answer", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", true, nil },
      { "in the content of the request",
        "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", true, nil },
      { "in a chunk of the request",
        "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", true, nil },
      { "waiting for 100", "PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        .. "Content-Length: 9\r\n\r\n", true, nil },
      { "in the head of the answer", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", true, "HTTP/1.1 200 O" },
      { "behind an interim answer", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", true,
        "HTTP/1.1 103 H\r\n\r\n" },
      { "in the content of the answer", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", true,
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" },
      { "in a chunk of the answer", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", true,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc" },
      { "in the trailers of the answer", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", true,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: 1\r\nX-" },
      { "with an answer before the end of the request",
        "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", true,
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" },
      { "behind the answer", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", true,
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
    }

    -- Lets one side leave in that stage, in order or by a reset, and the other see it.
    local function leave(stage, who, abruptly)
      upstream:reset()
      local connection = server:connect():send(stage[2])
      local link = stage[3] and upstream:accept()
      if link then
        link:read_head()
      end
      if link and stage[4] then
        link:send(stage[4])
      end
      if who == "client" then
        connection:close(abruptly)
      elseif link then
        link:close(abruptly)
        connection:close()
      else
        connection:close()
      end
    end

    for _, stage in ipairs(stages) do
      it(stage[1] .. ": no descriptor and no exchange is left", function()
        for _ = 1, 3 do
          for _, who in ipairs({ "client", "upstream" }) do
            leave(stage, who, false)
            leave(stage, who, true)
          end
        end
        upstream:reset()
        local is_clean = process.poll(10, function()
          return server.process:open_files() <= at_rest
        end)
        assert.is_truthy(is_clean,
          server.process:open_files() .. " descriptors, at rest " .. at_rest)
        local connection = server:connect():send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        local _, link = upstream:take()
        link:answer(200, {}, "clean")
        assert.equals("clean", connection:read("GET").body)
        connection:close()
      end)
    end
  end)
end)
