--- The server vectors of tests/vectors/cors.json as policies and rows of exchanges.
--
-- Every distinct policy of the vectors becomes a resource "/r" on a host of its own; the cases'
-- Host field is replaced by it. The verdict and the reason are read from the access log.

local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")

local M = { bytes = rows.bytes }

local DEFAULT_METHODS = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" }

-- Cases that leave a choice open (or predate it), and the choice of this server. `expect`
-- replaces what the vector says; the reason is in words.
M.CHOSEN = {
  ["OPTIONS * without Origin"] = {
    why = "no resource was asked, so that there is no decision to log",
    expect = { verdict = false },
  },
  ["OPTIONS * with Origin and ACRM is never a browser preflight"] = {
    why = "no resource was asked, so that there is no decision to log",
    expect = { verdict = false },
  },
  ["GET * is invalid"] = {
    why = "refused before a resource was looked for, so that there is no decision to log",
    expect = { verdict = false },
  },
}

--- The cases for which `is_wanted` holds.
function M.load(is_wanted)
  local text = assert(wire.process.read_file("tests/vectors/cors.json"))
  local cases = {}
  for _, case in ipairs(wire.json.decode(text).server) do
    if is_wanted(case) then
      cases[#cases + 1] = case
    end
  end
  return cases
end

local function expand(value)
  if type(value) == "table" then
    return (value["$prefix"] or "") .. string.rep(value["$repeat"], value.times)
  end
  return value
end

local function contains(list, wanted)
  for _, item in ipairs(list) do
    if item == wanted then
      return true
    end
  end
  return false
end

local function lua_list(items)
  if #items == 1 and items[1] == "*" then
    return '"*"'
  end
  local quoted = {}
  for _, item in ipairs(items) do
    quoted[#quoted + 1] = string.format("%q", item)
  end
  return "{ " .. table.concat(quoted, ", ") .. " }"
end

-- The resource has every method that its cases could need, unless the case names them.
local function resource_methods(case)
  if case.resource and case.resource.methods then
    return case.resource.methods
  end
  local methods = { table.unpack(DEFAULT_METHODS) }
  for _, method in ipairs(case.policy.methods) do
    if method ~= "*" and method ~= "OPTIONS" and not contains(methods, method) then
      methods[#methods + 1] = method
    end
  end
  for _, field in ipairs(case.request.headers) do
    local asked = field[1] == "Access-Control-Request-Method" and expand(field[2])
    if asked and case.policy.methods[1] == "*" and not contains(methods, asked) then
      methods[#methods + 1] = asked
    end
  end
  return methods
end

-- A rule names no method that its resource lacks.
local function rule_methods(case, methods)
  local kept = {}
  for _, method in ipairs(case.policy.methods) do
    if method == "*" or method == "OPTIONS" or contains(methods, method) then
      kept[#kept + 1] = method
    end
  end
  return kept
end

local function policy_text(case, host, handler)
  local policy, methods = case.policy, resource_methods(case)
  local lines = {
    string.format("resource %q {", host .. "/r"),
    "  methods = " .. lua_list(methods) .. ",",
    "  handler = " .. handler .. ",",
    "  cors = {",
    "    origins = " .. lua_list(policy.origins) .. ",",
    "    methods = " .. lua_list(rule_methods(case, methods)) .. ",",
    "    headers = " .. lua_list(policy.headers) .. ",",
    "    expose = " .. lua_list(policy.expose) .. ",",
    "    credentials = " .. tostring(policy.credentials) .. ",",
  }
  if policy.max_age and policy.max_age ~= wire.json.null then
    lines[#lines + 1] = string.format("    max_age = %d,", policy.max_age)
  end
  if policy.enforce == "reject" then
    lines[#lines + 1] = '    on_denied = "reject",'
  end
  lines[#lines + 1] = "  },\n}\n"
  return table.concat(lines, "\n")
end

--- One resource for each distinct text, with that handler; returns the whole policy and fills
-- case.host.
function M.translate(cases, handler)
  local hosts, texts = {}, {}
  for _, case in ipairs(cases) do
    local key = policy_text(case, "", handler)
    if not hosts[key] then
      hosts[key] = string.format("p%d.example", #texts + 1)
      texts[#texts + 1] = policy_text(case, hosts[key], handler)
    end
    case.host = hosts[key]
  end
  return table.concat(texts, "\n")
end

local function request_fields(case)
  local fields = {}
  for _, field in ipairs(case.request.headers) do
    local value = field[1] == "Host" and case.host or expand(field[2])
    fields[#fields + 1] = field[1] .. ": " .. value
  end
  return fields
end

--- The case as a row of rows.lua.
function M.row(case)
  local expect = {}
  for key, value in pairs(case.expect) do
    expect[key] = value
  end
  local chosen = M.CHOSEN[case.name]
  for key, value in pairs(chosen and chosen.expect or {}) do
    expect[key] = value or nil
  end
  return {
    case.name,
    line = case.request.method .. " " .. case.request.target,
    fields = request_fields(case),
    status = expect.status,
    equal = expect.headers_equal,
    has = expect.headers_list_contains,
    lacks = expect.headers_list_excludes,
    absent = expect.headers_absent,
    log = { decision = expect.verdict, reason = expect.reason },
  }
end

--- Fails where an answer that was read elsewhere, or its record, is not what the row wants.
function M.check(row, answer, server, connection)
  local faults, add = rows.faults(row, answer)
  rows.check_log(row, server:record(connection), add)
  if #faults > 0 then
    error(string.format("%s:\n  - %s\n  answer: %s", row[1], table.concat(faults, "\n  - "),
      wire.show(answer.head .. "\r\n" .. answer.body)), 0)
  end
end

return M
