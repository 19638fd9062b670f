--- moongate.testing.matrix - a table of requests and what is to come of them; each row a test.

local assert = require "luassert"
local gate_of = require "moongate.testing.gate"
local tests = require "moongate.testing.tests"

local M = {}

---@class moongate.testing.Row
---@field [1] string "METHOD /path"
---@field [2] string "allowed", "denied", "denied: REASON", "readable", "blocked",
---  "blocked: OUTCOME", or "status: NUMBER"
---@field from? string origin of the page
---@field headers? string|string[] that the page's script sets
---@field credentials? "same-origin"|"omit"|"include" of a fetch
---@field at? string "orders.lua:12": where it is decided

local row_names = { from = true, headers = true, credentials = true, at = true, [1] = true,
  [2] = true }

local free = { GET = true, HEAD = true, POST = true }

local function header_list(row)
  return type(row.headers) == "table" and row.headers or { row.headers }
end

local function name_of(row)
  local parts = { row[1] }
  if row.from then
    parts[#parts + 1] = "from " .. row.from
  end
  local headers = header_list(row)
  if #headers > 0 then
    parts[#parts + 1] = "with " .. table.concat(headers, ", ")
  end
  if row.credentials then
    parts[#parts + 1] = "credentials " .. row.credentials
  end
  return table.concat(parts, " ") .. ": " .. row[2]
end

-- The headers with values that no safelist has.
local function header_fields(row)
  local fields = {}
  for i, name in ipairs(header_list(row)) do
    fields[i] = { name, name:lower() == "content-type" and "application/json" or "1" }
  end
  return fields
end

local function fetch(gate, row)
  local method, path = row[1]:match("^(%S+)%s+(%S+)$")
  return gate:fetch({ from = row.from, url = path, method = method, headers = header_fields(row),
    credentials = row.credentials })
end

-- What the engine decides first of it: the preflight where a browser would send one.
local function ask(gate, row)
  local headers = header_list(row)
  if row.from and (#headers > 0 or not free[row[1]:match("^%S+")]) then
    return gate:preflight(row[1], { origin = row.from, headers = headers })
  end
  return gate:request(row[1], { origin = row.from })
end

local expects = {
  allowed = function(gate, row)
    local got = ask(gate, row)
    assert.allowed(got)
    return got
  end,
  denied = function(gate, row, reason)
    local got = ask(gate, row)
    assert.denied(got, reason)
    return got
  end,
  status = function(gate, row, status)
    local got = gate:request(row[1], { origin = row.from, headers = header_fields(row) })
    assert.has_status(got, tonumber(status))
    return got
  end,
  readable = function(gate, row)
    local got = fetch(gate, row)
    assert.readable(got)
    return got
  end,
  blocked = function(gate, row, outcome)
    local got = fetch(gate, row)
    assert.blocked(got, outcome)
    return got
  end,
}

local function check_row(row, i)
  local kind, detail = tostring(row[2]):match("^(%a+):?%s*(.*)$")
  if type(row[1]) ~= "string" or not expects[kind] then
    error("row " .. i .. " of the matrix is no { \"METHOD /path\", from = ORIGIN, \"allowed\" }: "
      .. "the second is allowed, denied, readable, blocked or status: NUMBER", 0)
  end
  for name in pairs(row) do
    if not row_names[name] then
      error("row " .. i .. " of the matrix has no '" .. tostring(name) .. "'", 0)
    end
  end
  return kind, detail ~= "" and detail or nil
end

--- Declares a test for each row, named by the row.
--
--     testing.matrix(gate, {
--       { "PUT /orders/7",    from = APP, headers = "content-type", "allowed" },
--       { "DELETE /orders/7", from = APP, "blocked: method-denied" },
--     })
---@param gate moongate.testing.Gate
---@param rows moongate.testing.Row[]
function M.define(gate, rows)
  gate_of.at_caller(function()
    for i, row in ipairs(rows) do
      local kind, detail = check_row(row, i)
      tests.it(name_of(row), function()
        local got = expects[kind](gate, row, detail)
        if row.at then
          assert.decided_by(got, row.at)
        end
      end)
    end
  end)
end

return M
