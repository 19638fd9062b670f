--- A raw client: bytes as the test writes them, in the pieces it chooses, and whole responses
-- back. Every wait has a deadline; what arrives too late or never fails the test with what was
-- sent and what came.

local process = require("tests.wire.support.process")
local response = require("tests.wire.support.response")
local socket = require("socket")

local M = {}

local Client = {}
Client.__index = Client

-- Each connection comes from a loopback address of its own, so that its lines in the access
-- log can be told from all others.
local next_peer = 0
local function take_peer()
  next_peer = next_peer + 1
  return string.format("127.%d.%d.%d", 1 + next_peer // 62500, next_peer // 250 % 250,
    1 + next_peer % 250)
end

local function wrap(handle, server, peer)
  return setmetatable({
    handle = handle,
    server = server,
    peer = peer,
    received = "",
    sent = {},
    ended = nil,
    patience = tonumber(os.getenv("WIRE_PATIENCE")) or 10,
  }, Client)
end

--- A connection that someone else has made, as a client's.
M.wrap = wrap

--- What every connection can do.
M.methods = Client

--- Connects to 127.0.0.1:port. `options.receive_buffer` is SO_RCVBUF in bytes.
function M.tcp(server, port, options)
  local handle = assert(socket.tcp4())
  local peer = take_peer()
  assert(handle:bind(peer, 0))
  if options and options.receive_buffer then
    assert(handle:setoption("recv-buffer-size", options.receive_buffer))
  end
  handle:settimeout(5)
  assert(handle:connect("127.0.0.1", port))
  assert(handle:setoption("tcp-nodelay", true))
  return wrap(handle, server, peer)
end

--- Connects to a Unix socket.
function M.unix(server, path)
  local handle = assert(require("socket.unix")())
  handle:settimeout(5)
  assert(handle:connect(path))
  return wrap(handle, server, "unix")
end

function Client:fail(what)
  local sent = response.show(table.concat(self.sent))
  local message = string.format("%s\n  sent: %s\n  received: %s%s", what, sent,
    response.show(self.received), self.ended and " (then " .. self.ended .. ")" or "")
  if self.server then
    message = message .. "\n  server " .. self.server.process:tail()
  end
  error(message, 0)
end

--- Sends bytes; a peer that no longer takes them fails the test.
function Client:send(...)
  for _, piece in ipairs({ ... }) do
    local _, err = self:try_send(piece)
    if err then
      self:fail("cannot send: " .. err)
    end
  end
  return self
end

--- Sends bytes. Returns how many were taken, and an error ("closed", "timeout") or nil.
function Client:try_send(bytes, seconds)
  self.sent[#self.sent + 1] = bytes
  self.handle:settimeout(seconds or self.patience)
  local last, err, partial = self.handle:send(bytes)
  return last or partial or 0, err
end

--- Sends a request made of a line and fields; adds the empty line.
function Client:request(line, fields, content)
  local lines = { line .. " HTTP/1.1" }
  for _, field in ipairs(fields or { "Host: a" }) do
    lines[#lines + 1] = field
  end
  return self:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (content or ""))
end

--- Shuts down the sending side (half-close).
function Client:finish()
  self.handle:shutdown("send")
  return self
end

-- Takes what has arrived; waits for something until `deadline`. False when nothing came.
function Client:receive_some(deadline)
  if self.ended then
    return false
  end
  self.handle:settimeout(0)
  local data, err, partial = self.handle:receive(1 << 16)
  data = data or partial
  if data == "" and err == "timeout" then
    self.handle:settimeout(math.max(0, deadline - process.now()))
    data, err = self.handle:receive(1)
  end
  self.received = self.received .. (data or "")
  if err and err ~= "timeout" then
    self.ended = err == "closed" and "closed" or "reset: " .. err
    return true
  end
  return data ~= nil and data ~= ""
end

--- Reads one whole response, also an interim one. `method` is the request's.
function Client:read(method)
  local deadline = process.now() + self.patience
  while true do
    local ok, answer, rest = pcall(response.parse, self.received, method, self.ended)
    if not ok then
      self:fail(type(answer) == "table" and "malformed response: " .. answer.malformed or answer)
    end
    if answer then
      self.received = rest
      self.last = answer
      return answer
    end
    if self.ended then
      self:fail("no whole response before the connection ended")
    end
    if not self:receive_some(deadline) and process.now() >= deadline then
      self:fail("no whole response within " .. self.patience .. " s")
    end
  end
end

--- Reads until the peer closes and returns all bytes not yet taken as responses.
function Client:read_all(seconds)
  local deadline = process.now() + (seconds or self.patience)
  while not self.ended do
    if not self:receive_some(deadline) and process.now() >= deadline then
      self:fail("the connection was not closed")
    end
  end
  return self.received
end

--- Fails unless the peer closes in order (no reset) and sends nothing more.
function Client:assert_closed(seconds)
  self:read_all(seconds)
  if self.received ~= "" then
    self:fail("bytes behind the last response")
  end
  if self.ended ~= "closed" then
    self:fail("the connection was reset, not closed")
  end
  self:close()
end

--- Fails if bytes arrive, or the connection ends, within `seconds`.
function Client:assert_silent(seconds)
  local deadline = process.now() + seconds
  while process.now() < deadline do
    self:receive_some(deadline)
    if self.received ~= "" or self.ended then
      self:fail("expected silence")
    end
  end
end

--- Fails unless the connection is in the state that the last response announced: closed after
-- "Connection: close", and otherwise good for another exchange.
function Client:assert_as_announced()
  if self.last:says_close() then
    self:assert_closed()
    return
  end
  local ok, problem = pcall(function()
    self:request("GET /wire-probe")
    self:read("GET")
  end)
  if not ok then
    error("the answer announced no close, but the connection is not good for another exchange: "
      .. tostring(problem), 0)
  end
  self:close()
end

--- Closes. `abruptly` sends a reset.
function Client:close(abruptly)
  if abruptly then
    self.handle:setoption("linger", { on = true, timeout = 0 })
  end
  self.handle:close()
end

return M
