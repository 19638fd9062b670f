--- A scripted name server: the test reads each question and answers it as it likes.

local socket = require("socket")
local process = require("tests.wire.support.process")

local M = {}

local Server = {}
Server.__index = Server

function M.listen()
  local handle = assert(socket.udp4())
  assert(handle:setsockname("127.0.0.1", 0))
  local _, port = handle:getsockname()
  return setmetatable({ handle = handle, address = "127.0.0.1:" .. port }, Server)
end

local TYPES = { [1] = "A", [28] = "AAAA" }

--- The next question as { id, name, type, bytes, peer, port }, or nil.
function Server:question(seconds)
  self.handle:settimeout(seconds)
  local bytes, peer, port = self.handle:receivefrom()
  if not bytes then
    return nil
  end
  local id = string.unpack(">I2", bytes)
  local labels, at = {}, 13
  while bytes:byte(at) ~= 0 do
    local label = string.unpack("s1", bytes, at)
    labels[#labels + 1] = label:lower()
    at = at + 1 + #label
  end
  local kind = string.unpack(">I2", bytes, at + 1)
  return { id = id, name = table.concat(labels, "."), type = TYPES[kind],
    raw = bytes:sub(13, at + 4), peer = peer, port = port }
end

--- Answers a question with addresses of IPv4 (none for other types) that hold `seconds`; `code` is
-- the response code (0).
function Server:answer(question, addresses, seconds, code)
  local given = question.type == "A" and addresses or {}
  local parts = { string.pack(">I2I2I2I2I2I2", question.id, 0x8180 | (code or 0), 1, #given, 0, 0),
    question.raw }
  for _, address in ipairs(given) do
    local a, b, c, d = address:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
    parts[#parts + 1] = string.pack(">I2I2I2I4I2BBBB", 0xc00c, 1, 1, seconds, 4, a, b, c, d)
  end
  self.handle:sendto(table.concat(parts), question.peer, question.port)
end

--- Answers all that is asked about a name within the next moment: both types of it.
function Server:serve(name, addresses, seconds, code)
  local seen = {}
  local ended = process.now() + 5
  while not (seen.A and seen.AAAA) and process.now() < ended do
    local question = self:question(0.5)
    if question then
      assert(question.name == name, "a question about " .. question.name)
      seen[question.type] = true
      self:answer(question, addresses, seconds, code)
    end
  end
  assert(seen.A and seen.AAAA, "nobody asked for " .. name)
end

function Server:assert_unasked(seconds)
  local question = self:question(seconds)
  assert(question == nil, question and "a question about " .. question.name)
end

function Server:close()
  self.handle:close()
end

return M
