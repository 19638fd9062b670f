--- moongate.testing.snapshot - all that a policy answers, as a text that is reviewed as a diff.
--
-- Of each resource: which origin may use which method, and the whole answer to one who may and to
-- one who may not. Origins are those of the rule, each pattern by a sample, and near misses.

local diff = require "moongate.testing.diff"
local gate_of = require "moongate.testing.gate"
local place = require "moongate.testing.place"
local tests = require "moongate.testing.tests"

local M = {}

local STRANGER = "https://stranger.example"

-- ---- what is asked

-- An origin that a pattern matches.
local function sample(pattern)
  return (pattern:gsub("^(%w+://)%*%.", "%1any."):gsub(":%*$", ":8123"))
end

-- Origins that look like it, and are not.
local function near_misses(pattern)
  local scheme, host = pattern:match("^(%w+)://([^:/]+)")
  if not scheme then
    return {}
  end
  host = host:gsub("^%*%.", "")
  local other = scheme == "https" and "http" or "https"
  return { other .. "://" .. host, scheme .. "://" .. host .. ".stranger.example",
    scheme .. "://stranger-" .. host, scheme .. "://" .. host .. ":8443" }
end

local function origins_of(resource, more)
  local list, seen = {}, {}
  local function add(origin)
    if not seen[origin] then
      seen[origin] = true
      list[#list + 1] = origin
    end
  end
  local patterns = {}
  for i, pattern in ipairs(resource.origins or {}) do
    patterns[i] = pattern
  end
  table.sort(patterns)
  for _, pattern in ipairs(patterns) do
    if pattern ~= "*" then
      add(sample(pattern))
    end
  end
  for _, origin in ipairs(more) do
    add(origin)
  end
  for _, pattern in ipairs(patterns) do
    for _, origin in ipairs(near_misses(pattern)) do
      add(origin)
    end
  end
  add("null")
  add(STRANGER)
  return list
end

-- A path that the pattern matches, and its host.
local function path_of(pattern)
  local host, path = pattern:match("^([^/]*)(/.*)$")
  path = path:gsub("{%$}", ""):gsub("{([%w_]+)%.%.%.}", "%1/more"):gsub("{([%w_]+)}", "%1")
  return path, host ~= "" and host or nil
end

-- ---- what is told

local function pad(text, width)
  return text .. string.rep(" ", width - #text)
end

local function grid(columns, rows, lines)
  local widths = {}
  for i, column in ipairs(columns) do
    widths[i] = #column
  end
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      if i < #row then
        widths[i] = math.max(widths[i], #cell)
      end
    end
  end
  for _, row in ipairs({ columns, table.unpack(rows) }) do
    local cells = {}
    for i, cell in ipairs(row) do
      cells[i] = i < #row and pad(cell, widths[i]) or cell
    end
    lines[#lines + 1] = "    " .. table.concat(cells, "  ")
  end
end

local function verdict(answer)
  return answer.decision == "allow" and "yes" or answer.reason
end

local skipped = { date = true, ["content-length"] = true, ["content-type"] = true }

local function tell_answer(title, answer, lines)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "  " .. title .. ": " .. answer.status .. " " .. answer.reason
  for _, field in ipairs(answer.fields) do
    if not skipped[field[1]:lower()] then
      lines[#lines + 1] = "    " .. field[1] .. ": " .. field[2]
    end
  end
end

-- A row whose cells are all the same says it once.
local function fold(row)
  for i = 3, #row do
    if row[i] ~= row[2] then
      return row
    end
  end
  return { row[1], "all " .. row[2] }
end

local function list_methods(resource)
  local methods = { table.unpack(resource.methods) }
  methods[#methods + 1] = "UNLISTED"
  return methods
end

local function tell_resource(gate, resource, more, lines)
  local path, host = path_of(resource.pattern)
  local origins, methods = origins_of(resource, more), list_methods(resource)
  lines[#lines + 1] = resource.pattern
  local rows = {}
  for _, origin in ipairs(origins) do
    local row = { origin }
    for _, method in ipairs(methods) do
      row[#row + 1] = verdict(gate:preflight(method .. " " .. path,
        { origin = origin, host = host }))
    end
    row[#row + 1] = verdict(gate:preflight(methods[1] .. " " .. path,
      { origin = origin, host = host, headers = "x-unlisted" }))
    row[#row + 1] = verdict(gate:request(methods[1] .. " " .. path,
      { origin = origin, host = host }))
    rows[#rows + 1] = fold(row)
  end
  local columns = { "preflight from", table.unpack(methods) }
  columns[#columns + 1] = "x-unlisted"
  columns[#columns + 1] = "sent as it is"
  grid(columns, rows, lines)
  local function preflight(origin)
    tell_answer("preflight from " .. origin, gate:preflight(methods[1] .. " " .. path,
      { origin = origin, host = host }), lines)
  end
  local function actual(origin)
    tell_answer(methods[1] .. " from " .. (origin or "nowhere"),
      gate:request(methods[1] .. " " .. path, { origin = origin, host = host }), lines)
  end
  preflight(origins[1])
  actual(origins[1])
  preflight(STRANGER)
  actual(STRANGER)
  actual(nil)
  tell_answer("UNLISTED", gate:request("UNLISTED " .. path, { host = host }), lines)
  lines[#lines + 1] = ""
end

--- The text of all that the gate's policies answer.
---@param gate moongate.testing.Gate
---@param options? { origins?: string[] } origins that are asked besides
---@return string
function M.text(gate, options)
  local lines = {}
  for _, resource in ipairs(gate:resources()) do
    tell_resource(gate, resource, options and options.origins or {}, lines)
  end
  return table.concat(lines, "\n")
end

-- ---- the file

local function read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

local function write(path, text)
  local file, err = io.open(path, "wb")
  if not file then
    error("the snapshot cannot be written: " .. tostring(err), 0)
  end
  file:write(text)
  file:close()
end

local function wants_update()
  local options = debug.getregistry()["moongate.options"]
  return options and options.update_snapshots or os.getenv("UPDATE_SNAPSHOTS") ~= nil
end

--- Holds a text to the file at `path`, or writes it with --update-snapshots.
function M.hold(path, text)
  if wants_update() then
    return write(path, text)
  end
  local kept = read(path)
  if not kept then
    error("there is no snapshot " .. path
      .. " yet: run `moongate test --update-snapshots`, and look at what it writes", 0)
  elseif kept ~= text then
    error("the policy answers otherwise than " .. path
      .. " says (- snapshot, + now)\n\n" .. diff.text(kept, text)
      .. "\n\n  If that is meant: moongate test --update-snapshots", 0)
  end
end

--- Declares a test that the policies answer as the snapshot says.
---@param gate moongate.testing.Gate
---@param path string beside the spec: "orders.snapshot"
---@param options? { origins?: string[] }
function M.define(gate, path, options)
  gate_of.at_caller(function()
    local whole = path:sub(1, 1) == "/" and path or place.normal(place.folder() .. "/" .. path)
    tests.it("answers as " .. path .. " says", function()
      M.hold(whole, M.text(gate, options))
    end)
  end)
end

return M
