--- HTTP/1.1 responses: a strict parser and the questions that tests ask of them.
--
-- The parser accepts only what RFC 9112 lets a server send; anything else is an error of the
-- test that met it, with the bytes in the message.

local M = {}

local Response = {}
Response.__index = Response

--- Bytes as one printable line, for messages.
function M.show(bytes)
  if #bytes > 700 then
    bytes = bytes:sub(1, 500) .. string.format("… (%d bytes) …", #bytes) .. bytes:sub(-100)
  end
  return (bytes:gsub("[%c\127-\255\\]", function(byte)
    local known = { ["\r"] = "\\r", ["\n"] = "\\n", ["\\"] = "\\\\" }
    return known[byte] or string.format("\\x%02x", byte:byte())
  end))
end

local function fault(what, bytes)
  error({ malformed = what .. ": " .. M.show(bytes) }, 0)
end

local function parse_fields(text)
  local fields = {}
  for line in text:gmatch("(.-)\r\n") do
    local name, value = line:match("^([!#$%%&'*+%-.^_`|~%w]+):[ \t]*(.-)[ \t]*$")
    if not name then
      fault("field line", line)
    end
    if value:find("[%z\1-\8\10-\31\127]") then
      fault("control byte in a field value", line)
    end
    fields[#fields + 1] = { name, value }
  end
  return fields
end

--- Parses the head at the start of `bytes`. Returns the response and where its content
-- begins; nil while the head is incomplete.
function M.parse_head(bytes)
  local head_end = bytes:find("\r\n\r\n", 1, true)
  if not head_end then
    if #bytes >= 5 and bytes:sub(1, 5) ~= "HTTP/" then
      fault("no status line", bytes)
    end
    return nil
  end
  local head = bytes:sub(1, head_end + 1)
  if head:gsub("\r\n", ""):find("[\r\n]") then
    fault("bare CR or LF in a head", head)
  end
  local version, status, phrase, rest = head:match("^(HTTP/1%.[01]) (%d%d%d) ([^\r]*)\r\n(.*)$")
  if not version then
    fault("status line", head)
  end
  local response = setmetatable({
    version = version,
    status = tonumber(status),
    phrase = phrase,
    fields = parse_fields(rest),
    head = head,
  }, Response)
  return response, head_end + 4
end

--- All values of a field, in order.
function Response:all(name)
  local values = {}
  for _, field in ipairs(self.fields) do
    if field[1]:lower() == name:lower() then
      values[#values + 1] = field[2]
    end
  end
  return values
end

--- The value of a field; nil when absent. A repeated field is an error.
function Response:get(name)
  local values = self:all(name)
  if #values > 1 then
    error(string.format("%d lines of %s in %s", #values, name, M.show(self.head)), 2)
  end
  return values[1]
end

--- The members of a list field over all its lines.
function Response:list(name)
  local members = {}
  for _, value in ipairs(self:all(name)) do
    for member in value:gmatch("[^,]+") do
      members[#members + 1] = member:match("^[ \t]*(.-)[ \t]*$")
    end
  end
  return members
end

--- Whether a list field has `wanted`, without regard to case.
function Response:list_has(name, wanted)
  for _, member in ipairs(self:list(name)) do
    if member:lower() == wanted:lower() then
      return true
    end
  end
  return false
end

--- Names of the fields that begin with `prefix`, in lower case.
function Response:names_with(prefix)
  local names = {}
  for _, field in ipairs(self.fields) do
    if field[1]:lower():sub(1, #prefix) == prefix then
      names[#names + 1] = field[1]:lower()
    end
  end
  return names
end

--- Whether the server says that it closes the connection after this response.
function Response:says_close()
  return self:list_has("Connection", "close")
end

local function has_no_content(response, method)
  local status = response.status
  return method == "HEAD" or status < 200 or status == 204 or status == 304
end

local function check_framing(response, lengths, codings)
  if #lengths + #codings > 1 then
    fault("several framing fields", response.head)
  end
  if (response.status < 200 or response.status == 204) and #lengths + #codings > 0 then
    fault("framing fields with status " .. response.status, response.head)
  end
  if codings[1] and codings[1]:lower() ~= "chunked" then
    fault("Transfer-Encoding", response.head)
  end
  if lengths[1] and not lengths[1]:find("^%d+$") then
    fault("Content-Length", response.head)
  end
end

-- RFC 9112 6.3, from a client's side.
local function framing_of(response, method)
  local lengths, codings = response:all("Content-Length"), response:all("Transfer-Encoding")
  check_framing(response, lengths, codings)
  if has_no_content(response, method) then
    return "none"
  elseif codings[1] then
    return "chunked"
  elseif lengths[1] then
    return "length", tonumber(lengths[1])
  end
  return "close"
end

-- Returns the trailer lines and where they end; nil while they are incomplete.
local function read_trailers(bytes, at)
  local lines = {}
  while true do
    local line, next_at = bytes:match("^([^\r\n]*)\r\n()", at)
    if not line then
      return nil
    end
    at = next_at
    if line == "" then
      return table.concat(lines), at
    end
    lines[#lines + 1] = line .. "\r\n"
  end
end

local function decode_chunks(bytes, at)
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
      local trailers, behind = read_trailers(bytes, data)
      if not trailers then
        return nil
      end
      return table.concat(pieces), behind, trailers
    end
    if #bytes < data + length + 1 then
      return nil
    end
    if bytes:sub(data + length, data + length + 1) ~= "\r\n" then
      fault("no CRLF behind a chunk", bytes:sub(data + length, data + length + 10))
    end
    at = data + length + 2
    pieces[#pieces + 1] = bytes:sub(data, data + length - 1)
  end
end

--- Parses one whole response to a request of `method` at the start of `bytes`.
-- `ended`: the peer has closed. Returns the response and the bytes behind it; nil while
-- incomplete.
function M.parse(bytes, method, ended)
  local response, at = M.parse_head(bytes)
  if not response then
    return nil
  end
  local framing, length = framing_of(response, method)
  response.framing = framing
  if framing == "none" then
    response.body = ""
    return response, bytes:sub(at)
  elseif framing == "length" then
    if #bytes < at + length - 1 then
      return nil
    end
    response.body = bytes:sub(at, at + length - 1)
    return response, bytes:sub(at + length)
  elseif framing == "chunked" then
    local body, behind, trailers = decode_chunks(bytes, at)
    if not body then
      return nil
    end
    response.body, response.trailers = body, trailers
    return response, bytes:sub(behind)
  end
  if not ended then
    return nil
  end
  response.body = bytes:sub(at)
  return response, ""
end

return M
