--- A scripted upstream: the test accepts the server's connections itself, sees every byte that
-- the server sends there, and answers in the bytes and pieces it chooses.
--
-- Everything happens in the test's own thread, in the order in which it is written: the client
-- sends, the recorder accepts and reads, the recorder answers, the client reads.

local client = require("tests.wire.support.client")
local process = require("tests.wire.support.process")
local response = require("tests.wire.support.response")
local socket = require("socket")

local M = {}

local Recorder = {}
Recorder.__index = Recorder

local Upstream = setmetatable({}, { __index = client.methods })
Upstream.__index = Upstream

--- Listens on a port of the kernel's choice (or `port`, of `address`), or on a Unix socket at
-- `path`.
function M.listen(path, address, port)
  local handle
  if path then
    handle = assert(require("socket.unix")())
    assert(handle:bind(path))
  else
    handle = assert(socket.tcp4())
    handle:setoption("reuseaddr", true)
    assert(handle:bind(address or "127.0.0.1", port or 0))
  end
  assert(handle:listen(64))
  local recorder = setmetatable({ handle = handle, connections = {} }, Recorder)
  if path then
    recorder.url = "unix:" .. path
  else
    local host, chosen = handle:getsockname()
    recorder.port = tonumber(chosen)
    recorder.authority = host .. ":" .. recorder.port
    recorder.url = "http://" .. recorder.authority
  end
  return recorder
end

--- The next connection of the server; fails when none comes.
function Recorder:accept(seconds)
  local accepted = self:try_accept(seconds or 10)
  if not accepted then
    error("the server has made no connection to the upstream", 2)
  end
  return accepted
end

--- The next connection, or nil.
function Recorder:try_accept(seconds)
  self.handle:settimeout(seconds)
  local handle = self.handle:accept()
  if not handle then
    return nil
  end
  pcall(handle.setoption, handle, "tcp-nodelay", true)
  local connection = setmetatable(client.wrap(handle, nil, "upstream"), Upstream)
  self.connections[#self.connections + 1] = connection
  return connection
end

--- Accepts a connection and reads its first request.
function Recorder:take(seconds)
  local connection = self:accept(seconds)
  return connection:read_request(), connection
end

--- Closes the connections that are still open, so that the next test begins with none.
function Recorder:reset()
  for _, connection in ipairs(self.connections) do
    connection:close()
  end
  self.connections = {}
  while self:try_accept(0) do
    self.connections[#self.connections]:close()
  end
  self.connections = {}
end

function Recorder:close()
  self:reset()
  self.handle:close()
end

--- Fails if the server connects within `seconds`.
function Recorder:assert_unasked(seconds)
  local connection = self:try_accept(seconds or 0.1)
  if connection then
    connection.handle:settimeout(0.2)
    local _, _, partial = connection.handle:receive(1 << 16)
    error("the upstream was asked: " .. response.show(partial or ""), 2)
  end
end

local function fault(what, bytes)
  error({ malformed = what .. ": " .. response.show(bytes) }, 0)
end

-- Fields in order, each with its name as sent; nothing but one form is taken.
local function parse_head(bytes)
  local head, behind = bytes:match("^(.-\r\n)\r\n()")
  if not head then
    if bytes:find("\n", 1, true) and not bytes:find("\r\n", 1, true) then
      fault("bare LF", bytes)
    end
    return nil
  end
  local line, at = head:match("^([^\r\n]*)\r\n()")
  local method, target, version = line:match("^([%w!#$%%&'*+.^_`|~-]+) (%S+) HTTP/1%.(%d)$")
  if not method then
    fault("request line", line)
  end
  local request = { head = head, line = line, method = method, target = target,
    minor = tonumber(version), fields = {} }
  while at <= #head do
    local name, value, next_at = head:match("^([%w!#$%%&'*+.^_`|~-]+): ([^\r\n\0]*)\r\n()", at)
    if not name or value:find("^[ \t]") or value:find("[ \t]$") then
      fault("field line", head:sub(at))
    end
    request.fields[#request.fields + 1] = { name = name, value = value }
    at = next_at
  end
  return request, behind
end

local Request = {}
Request.__index = Request

--- All values of a field.
function Request:all(name)
  local values = {}
  for _, field in ipairs(self.fields) do
    if field.name:lower() == name:lower() then
      values[#values + 1] = field.value
    end
  end
  return values
end

--- The one value of a field, or nil; two lines of it fail.
function Request:get(name)
  local values = self:all(name)
  if #values > 1 then
    fault("more than one line of " .. name, self.head)
  end
  return values[1]
end

local function read_chunks(bytes, at)
  local pieces = {}
  while true do
    local size, data = bytes:match("^(%x+)\r\n()", at)
    if not size then
      if #bytes - at > 20 then
        fault("chunk size", bytes:sub(at, at + 40))
      end
      return nil
    end
    local length = tonumber(size, 16)
    if length == 0 then
      local trailers, behind = "", data
      while true do
        local line, next_at = bytes:match("^([^\r\n]*)\r\n()", behind)
        if not line then
          return nil
        end
        behind = next_at
        if line == "" then
          return table.concat(pieces), trailers, behind
        end
        trailers = trailers .. line .. "\r\n"
      end
    end
    if #bytes < data + length + 1 then
      return nil
    end
    if bytes:sub(data + length, data + length + 1) ~= "\r\n" then
      fault("no CRLF behind a chunk", bytes:sub(data + length, data + length + 10))
    end
    pieces[#pieces + 1] = bytes:sub(data, data + length - 1)
    at = data + length + 2
  end
end

--- A whole request at the front of `bytes`, and the bytes behind it; nil while incomplete.
-- Anything but one well-formed request fails.
function M.parse(bytes, head_only)
  local request, behind = parse_head(bytes)
  if not request then
    return nil
  end
  setmetatable(request, Request)
  local length, coding = request:get("Content-Length"), request:get("Transfer-Encoding")
  if length and coding then
    fault("length and coding", request.head)
  end
  if #request:all("Host") ~= 1 then
    fault("not one Host", request.head)
  end
  request.body, request.trailers = "", ""
  if head_only then
    return request, bytes:sub(behind)
  end
  if coding then
    if coding ~= "chunked" then
      fault("coding", request.head)
    end
    local body, trailers, after = read_chunks(bytes, behind)
    if not body then
      return nil
    end
    request.body, request.trailers = body, trailers
    return request, bytes:sub(after)
  end
  local count = length and tonumber(length) or 0
  if #bytes < behind + count - 1 then
    return nil
  end
  request.body = bytes:sub(behind, behind + count - 1)
  return request, bytes:sub(behind + count)
end

local function read(self, head_only)
  local deadline = process.now() + self.patience
  while true do
    local ok, request, rest = pcall(M.parse, self.received, head_only)
    if not ok then
      self:fail(type(request) == "table" and "malformed request: " .. request.malformed or request)
    end
    if request then
      self.received = rest
      return request
    end
    if self.ended then
      self:fail("no whole request before the connection ended")
    end
    if not self:receive_some(deadline) and process.now() >= deadline then
      self:fail("no whole request within " .. self.patience .. " s")
    end
  end
end

--- Reads one whole request.
function Upstream:read_request()
  return read(self)
end

--- Reads the head of a request; its content stays to be read.
function Upstream:read_head()
  return read(self, true)
end

--- Answers with a status, a list of field lines and a body with its length.
function Upstream:answer(status, fields, body)
  local lines = { "HTTP/1.1 " .. status .. " X" }
  for _, field in ipairs(fields or {}) do
    lines[#lines + 1] = field
  end
  lines[#lines + 1] = "Content-Length: " .. #(body or "")
  return self:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""))
end

--- Whether the server has closed, or closes within `seconds`.
function Upstream:is_closed(seconds)
  local deadline = process.now() + (seconds or self.patience)
  while not self.ended do
    if not self:receive_some(deadline) and process.now() >= deadline then
      return false
    end
  end
  return true
end

return M
