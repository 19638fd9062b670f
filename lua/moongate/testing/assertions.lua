--- moongate.testing.assertions - luassert assertions about results and fetches.
--
-- Each check is given the value and its arguments, and returns whether it holds, a headline for
-- when it should hold and does not, one for the other way round, and what was expected of the
-- answer's fields, for the diff (report.lua).

local place = require "moongate.testing.place"
local report = require "moongate.testing.report"
local result = require "moongate.testing.result"

local M = {}

local checks = {}

-- The names of an assertion's arguments: a list, or one by one.
local function names_of(...)
  local first = ...
  if type(first) == "table" then
    return first
  end
  return { ... }
end

local function set_of(names, fold)
  local set = {}
  for _, name in ipairs(names) do
    set[fold(name)] = name
  end
  return set
end

local function same(name)
  return name
end

-- Members of `names` that `others` lacks, in order.
local function lacking(names, others, fold)
  local set = set_of(others, fold)
  local left = {}
  for _, name in ipairs(names) do
    if not set[fold(name)] then
      left[#left + 1] = name
    end
  end
  return left
end

local function join(names)
  return #names == 0 and "nothing" or table.concat(names, ", ")
end

local function where(value)
  return value.file and " at " .. value.file .. ":" .. value.line or ""
end

-- ---- decisions

-- What an answer would have if the request were allowed.
local function allowed_wants(value)
  local asked = value.request
  local wants = {}
  if value.status == 403 then
    wants[1] = { "status", value.kind == "preflight" and "204 No Content" or "200 OK" }
  end
  if asked.origin and not value:get("Access-Control-Allow-Origin") then
    wants[#wants + 1] = { "Access-Control-Allow-Origin", asked.origin }
  end
  if value.reason == "method-denied" and value.kind == "preflight" then
    local listed = value:get("Access-Control-Allow-Methods")
    wants[#wants + 1] = { "Access-Control-Allow-Methods",
      (listed and listed .. ", " or "") .. (asked.asked_method or "") }
  end
  return wants
end

local came_to = {
  deny = "but was denied: ",
  ["not-cors"] = "but there was nothing to decide: ",
  ["bad-request"] = "but was refused before that: ",
}

function checks.allowed(value)
  if value.decision == "allow" then
    return true, "", "expected not to be allowed, but it was" .. where(value), {}
  end
  return false, "expected to be allowed, " .. came_to[value.decision] .. tostring(value.reason)
    .. where(value), "", allowed_wants(value)
end

function checks.denied(value, reason)
  local is_denied = value.decision == "deny"
  if not is_denied then
    local allowed = value:get("Access-Control-Allow-Origin")
    return false, "expected to be denied" .. (reason and ": " .. reason or "") .. ", but came to "
      .. value.decision .. ": " .. tostring(value.reason) .. where(value), "",
      allowed and { { "Access-Control-Allow-Origin", false } } or {}
  end
  return reason == nil or value.reason == reason,
    "denied for another reason: expected " .. tostring(reason) .. ", got " .. value.reason,
    "expected not to be denied" .. (reason and ": " .. reason or "") .. ", but was: "
      .. value.reason .. where(value), {}
end

function checks.decided_by(value, spot)
  local actual = value.file and value.file .. ":" .. value.line or "nowhere"
  local file = spot:match("^(.-):%d+$") or spot
  local holds = actual == spot or actual:sub(-#spot - 1) == "/" .. spot
  if file == spot and value.file then -- without a line: any of the file
    holds = value.file == spot or value.file:sub(-#spot - 1) == "/" .. spot
  end
  return holds, "expected to be decided by " .. spot .. ", but was decided by " .. actual,
    "expected not to be decided by " .. spot, {}
end

function checks.costs_at_most(value, instructions, version)
  if version and version ~= _VERSION then
    return true, "", "the cost of " .. version .. " is not known to " .. _VERSION, {}
  end
  local cost = 0
  for _, each in ipairs(value.exchanges or { value }) do
    cost = cost + each.instructions
  end
  return cost <= instructions,
    string.format("costs %d instructions of %s, more than %d", cost, _VERSION, instructions),
    string.format("costs %d instructions of %s, no more than %d", cost, _VERSION, instructions), {}
end

-- ---- fields

-- Whether a list field has exactly the names; `ignored` may stand there or not.
local function list_check(value, field, names, fold, ignored)
  local actual = value:list(field)
  local missing = lacking(names, actual, fold)
  local extra = lacking(lacking(actual, names, fold), ignored, fold)
  local parts = {}
  if #missing > 0 then
    parts[#parts + 1] = "lacks " .. join(missing)
  end
  if #extra > 0 then
    parts[#parts + 1] = "has " .. join(extra) .. " too"
  end
  local want = #names > 0 and table.concat(names, ", ") or false
  return #parts == 0, field .. " " .. table.concat(parts, ", and "),
    field .. " is " .. join(names) .. ", which it should not be",
    #parts > 0 and { { field, want } } or {}
end

-- No preflight is needed for these, so they may be listed or not.
local free_methods = { "GET", "HEAD", "POST" }

function checks.allows_methods(value, ...)
  return list_check(value, "Access-Control-Allow-Methods", names_of(...), same, free_methods)
end

function checks.allows_headers(value, ...)
  return list_check(value, "Access-Control-Allow-Headers", names_of(...), string.lower, {})
end

function checks.exposes(value, ...)
  return list_check(value, "Access-Control-Expose-Headers", names_of(...), string.lower, {})
end

function checks.supports_methods(value, ...)
  return list_check(value, "Allow", names_of(...), same, { "HEAD", "OPTIONS" })
end

function checks.varies_on(value, ...)
  local names = names_of(...)
  local actual = value:list("Vary")
  local missing = lacking(names, actual, string.lower)
  local want = table.move(missing, 1, #missing, #actual + 1, table.move(actual, 1, #actual, 1, {}))
  return #missing == 0, "Vary lacks " .. join(missing), "Vary has " .. join(names),
    #missing > 0 and { { "Vary", table.concat(want, ", ") } } or {}
end

function checks.max_age(value, seconds)
  local actual = value:get("Access-Control-Max-Age")
  return actual == tostring(seconds),
    "expected Access-Control-Max-Age " .. tostring(seconds) .. ", got " .. (actual or "none"),
    "expected another Access-Control-Max-Age than " .. tostring(seconds),
    { { "Access-Control-Max-Age", tostring(seconds) } }
end

function checks.allows_credentials(value)
  local actual = value:get("Access-Control-Allow-Credentials")
  return actual == "true", "credentials are not allowed", "credentials are allowed",
    actual ~= "true" and { { "Access-Control-Allow-Credentials", "true" } }
    or { { "Access-Control-Allow-Credentials", false } }
end

function checks.has_field(value, name, wanted)
  local actual = value:get(name)
  local holds = actual ~= nil and (wanted == nil or actual == tostring(wanted))
  return holds, actual == nil and "there is no " .. name
    or name .. " is not " .. tostring(wanted),
    name .. " is there, which it should not be",
    { { name, not holds and tostring(wanted or "…") or false } }
end

function checks.has_status(value, status)
  return value.status == status,
    string.format("expected status %s, got %s", status, value.status),
    string.format("expected another status than %s", status), { { "status", tostring(status) } }
end

function checks.logs(value, pattern)
  local text = value:logged()
  return text:find(pattern) ~= nil,
    "nothing logged matches '" .. pattern .. "'" .. (text == "" and "" or "; logged was: " .. text),
    "something logged matches '" .. pattern .. "': " .. text, {}
end

-- ---- fetches

function checks.readable(fetch)
  return fetch.verdict == "readable",
    "expected the page to read the answer, but the fetch "
      .. (fetch.verdict == "error" and "failed" or "was " .. fetch.verdict) .. ": "
      .. (fetch.forbidden or fetch.outcome),
    "expected the page not to read the answer, but it can", {}
end

-- A sentence stands for the console's if that has it as a part.
function checks.blocked(fetch, sentence)
  local is_blocked = fetch.verdict == "blocked" or fetch.verdict == "error"
  if not is_blocked then
    return false, "expected the browser to block the fetch, but it was " .. fetch.verdict,
      "", {}
  end
  local says = sentence == nil or fetch.outcome == sentence
    or (fetch.console or ""):find(sentence, 1, true) ~= nil
  return says, "blocked for another reason: " .. fetch.outcome,
    "expected the browser not to block the fetch, but it did: " .. fetch.outcome,
    not says and { { "console", sentence } } or {}
end

-- ---- luassert

local on_fetches = { readable = true, blocked = true }
local on_both = { costs_at_most = true, has_field = true, has_status = true, varies_on = true,
  exposes = true, allows_credentials = true, decided_by = true, logs = true }

-- What is wrong with asking an assertion about a value, or nil.
local function misuse(name, value)
  local of_fetch = on_fetches[name]
  if result.is_result(value) then
    return of_fetch and " is about a gate:fetch{…}; of a request, assert.allowed or assert.denied"
  elseif not result.is_fetch(value) then
    return " takes what gate:" .. (of_fetch and "fetch" or "request") .. " gave, not a "
      .. type(value)
  elseif not of_fetch and not on_both[name] then
    return " is about a gate:request or gate:preflight; of a fetch, assert.readable or "
      .. "assert.blocked"
  end
  return not of_fetch and not value.last and ": the fetch sent no request: " .. value.outcome
end

local function check_value(name, value)
  local wrong = misuse(name, value)
  if wrong then
    local file, line = place.caller()
    error((file and file .. ":" .. line .. ": " or "") .. "assert." .. name .. wrong, 0)
  end
end

--- The names of all assertions.
function M.names()
  local names = {}
  for name in pairs(checks) do
    names[#names + 1] = name
  end
  return names
end

--- Makes the assertions known to luassert.
function M.register()
  local luassert = require "luassert"
  for name, check in pairs(checks) do
    luassert:register("assertion", name, function(state, arguments)
      local value = arguments[1]
      check_value(name, value)
      local holds, positive, negative, wants =
        check(value, table.unpack(arguments, 2, arguments.n))
      if holds ~= state.mod then
        rawset(state, "failure_message",
          report.render(state.mod and positive or negative, value, wants))
      end
      arguments.n = 0 -- all there is to say is said
      return holds
    end)
  end
end

return M
