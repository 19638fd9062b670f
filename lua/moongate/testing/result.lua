--- moongate.testing.result - what came of a request, and of a browser's fetch.

local request = require "moongate.testing.request"

local M = {}

---@class moongate.testing.Resource
---@field pattern string
---@field file string
---@field line integer
---@field methods string[]
---@field cors "rule"|"same-origin"|"off"
---@field handler string
---@field functions table<string, boolean>
---@field public? boolean
---@field credentials? boolean
---@field rejects? boolean
---@field rule_methods? string[]
---@field origins? string[]
---@field origin_count? integer

---@class moongate.testing.Result
---@field status integer
---@field status_line string
---@field fields { [1]: string, [2]: string }[] in the order of the answer
---@field body string
---@field kind "none"|"same-origin"|"simple"|"preflighted"|"preflight"|"options"
---@field decision "allow"|"deny"|"not-cors"|"bad-request"
---@field reason string
---@field file? string where it was decided
---@field line? integer
---@field by_hook boolean a hook or function decided
---@field resource? string pattern of the resource; nil: none matched
---@field rule? moongate.testing.Resource
---@field instructions integer of its hooks and plugins
---@field stand_in boolean an empty 200 stands for an upstream
---@field log table[] lines that the program logged meanwhile
local Result = {}
Result.__index = Result
M.Result = Result

--- The value of a field; of several lines, joined by ", ". nil: there is none.
---@param name string
---@return string?
function Result:get(name)
  local values = {}
  for _, field in ipairs(self.fields) do
    if field[1]:lower() == name:lower() then
      values[#values + 1] = field[2]
    end
  end
  return values[1] and table.concat(values, ", ") or nil
end

--- The members of a field that is a comma list.
---@param name string
---@return string[]
function Result:list(name)
  local members = {}
  for member in (self:get(name) or ""):gmatch("[^,]+") do
    member = member:match("^%s*(.-)%s*$")
    if member ~= "" then
      members[#members + 1] = member
    end
  end
  return members
end

--- The curl command that sends the request to a server.
---@return string
function Result:curl()
  return table.concat(request.curl(self.request), " ")
end

--- Lines of the log, as text: those of `log` and of plugins, and faults of hooks.
---@return string
function Result:logged()
  local lines = {}
  for i, line in ipairs(self.log) do
    lines[i] = line.message or line.event
  end
  return table.concat(lines, "\n")
end

function Result.__tostring(self)
  return self.request.method .. " " .. self.request.path .. " -> " .. tostring(self.status)
end

---@class moongate.testing.Fetch
---@field verdict "readable"|"blocked"|"opaque"|"error"
---@field outcome string the browser's check that decided: "ok", "acao-missing", …
---@field console? string what the browser's console says
---@field kind "forbidden"|"same-origin"|"simple"|"preflight"
---@field preflight "none"|"sent"|"cached" of the first hop
---@field readable_fields string[] names that the script can read, in lower case
---@field dropped string[] headers that the script may not set
---@field exchanges moongate.testing.Result[] every request that was sent
---@field steps table[] every check of the browser
---@field log table[]
local Fetch = {}
M.Fetch = Fetch

-- Of the last answer, where there was one: status, body, get, list and all else of a result.
function Fetch.__index(self, name)
  local own = Fetch[name]
  if own ~= nil then
    return own
  end
  local last = rawget(self, "last")
  return last and last[name]
end

--- Whether the script can read the field of the answer.
---@param name string
---@return boolean
function Fetch:can_read(name)
  for _, each in ipairs(self.readable_fields) do
    if each == name:lower() then
      return true
    end
  end
  return false
end

function Fetch.__tostring(self)
  return "fetch " .. tostring(self.url) .. " from " .. tostring(self.from) .. " -> "
    .. self.verdict
end

--- A result of what the engine gave for the request `asked`.
function M.new(answer, asked)
  answer.request = asked
  return setmetatable(answer, Result)
end

function M.new_fetch(fetch, spec)
  for _, exchange in ipairs(fetch.exchanges) do
    local sent = exchange.request
    sent.path = sent.target
    sent.host = sent.base:match("//(.*)$")
    sent.is_preflight = sent.preflight
    sent.body = not sent.preflight and spec.body or nil
    exchange.log = fetch.log
    setmetatable(exchange, Result)
  end
  fetch.last = fetch.exchanges[#fetch.exchanges]
  fetch.spec = spec
  return setmetatable(fetch, Fetch)
end

--- Whether it is a result, or a fetch.
function M.is_result(value)
  return getmetatable(value) == Result
end

function M.is_fetch(value)
  return getmetatable(value) == Fetch
end

return M
