--- moongate.testing.lines - which functions a chunk has, and which lines of them can run.
--
-- Read from what string.dump writes, since debug.getinfo tells only of functions that exist: those
-- within a hook come to be when it runs. The format is that of Lua 5.4 (ldump.c).

local M = {}

local HEADER_SIZE = 4 + 1 + 1 + 6 + 3 + 8 + 8 -- signature to the number that proves floats
local ABSOLUTE = -128                         -- in lineinfo: the line stands in abslineinfo

local Reader = {}
Reader.__index = Reader

function Reader:byte()
  local byte = self.text:byte(self.at)
  self.at = self.at + 1
  return byte
end

-- An unsigned number, seven bits a byte, the last marked.
function Reader:number()
  local number = 0
  while true do
    local byte = self:byte()
    number = number << 7 | byte & 0x7f
    if byte & 0x80 ~= 0 then
      return number
    end
  end
end

function Reader:skip(count)
  self.at = self.at + count
end

function Reader:skip_string()
  local size = self:number()
  self:skip(size > 0 and size - 1 or 0)
end

local constants = {
  [0x00] = 0, [0x01] = 0, [0x11] = 0, -- nil, false, true
  [0x03] = 8, [0x13] = 8,             -- integers, floats
}

function Reader:skip_constants()
  for _ = 1, self:number() do
    local size = constants[self:byte()]
    if size then
      self:skip(size)
    else
      self:skip_string()
    end
  end
end

-- The line of each instruction.
function Reader:lines(first)
  local deltas, absolute = {}, {}
  for i = 1, self:number() do
    deltas[i] = self:byte()
  end
  for _ = 1, self:number() do
    local at = self:number()
    absolute[at + 1] = self:number()
  end
  local lines, line = {}, first
  for i, delta in ipairs(deltas) do
    delta = delta >= 128 and delta - 256 or delta
    line = delta == ABSOLUTE and absolute[i] or line + delta
    lines[i] = line
  end
  return lines
end

function Reader:skip_names()
  for _ = 1, self:number() do -- local variables
    self:skip_string()
    self:number()
    self:number()
  end
  for _ = 1, self:number() do -- upvalues
    self:skip_string()
  end
end

-- A function and those within it, added to `list`; the main chunk is the first.
function Reader:read_function(list)
  local found = { lines = {} }
  list[#list + 1] = found
  self:skip_string()
  found.first, found.last = self:number(), self:number()
  self:skip(3)
  self:skip(4 * self:number())
  self:skip_constants()
  self:skip(3 * self:number())
  for _ = 1, self:number() do
    self:read_function(list)
  end
  local lines = self:lines(found.first)
  lines[#lines] = nil -- the return that each function ends by
  for _, line in ipairs(lines) do
    found.lines[line] = true
  end
  self:skip_names()
end

--- The functions of a chunk, without the chunk itself: { first, last, lines = { [line] = true } }.
---@param text string source
---@return table[]
function M.functions(text)
  local chunk = load(text, "=chunk", "t")
  if not chunk then
    return {}
  end
  local reader = setmetatable({ text = string.dump(chunk), at = HEADER_SIZE + 2 }, Reader)
  local list = {}
  reader:read_function(list)
  table.remove(list, 1)
  return list
end

return M
