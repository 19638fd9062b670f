--- moongate.testing.property - what holds for every input: many are made, and one that breaks it
-- is made as small as it can be.

local gate_of = require "moongate.testing.gate"
local generators = require "moongate.testing.generators"
local random = require "moongate.testing.random"
local tests = require "moongate.testing.tests"

local M = { gen = generators }

local CASES = 200        -- of a property; MG_PROPERTY_CASES in the environment is another number
local MAX_SHRINKS = 2000 -- attempts to make a failing input smaller

local function show(value)
  if type(value) == "table" then
    local parts = {}
    for i, each in ipairs(value) do
      parts[i] = show(each)
    end
    return "{ " .. table.concat(parts, ", ") .. " }"
  end
  return type(value) == "string" and string.format("%q", value):gsub("\\\n", "\\n")
    or tostring(value)
end

local function show_all(values)
  local parts = {}
  for i, value in ipairs(values) do
    parts[i] = show(value)
  end
  return table.concat(parts, ", ")
end

-- Whether the property holds; the error where it does not.
local function holds(property, values)
  local ok, result = pcall(property, table.unpack(values))
  if not ok then
    return false, result
  elseif result == false then
    return false, "the property returned false"
  end
  return true
end

-- Replaces one value by a simpler one, as long as the property stays broken.
local function shrink(property, generated, values, err)
  local attempts, has_shrunk = 0, true
  while has_shrunk do
    has_shrunk = false
    for i, generator in ipairs(generated) do
      for _, simpler in ipairs(generator.shrink and generator.shrink(values[i]) or {}) do
        if attempts == MAX_SHRINKS then
          return values, err
        end
        attempts = attempts + 1
        local tried = { table.unpack(values) }
        tried[i] = simpler
        local ok, why = holds(property, tried)
        if not ok then
          values, err, has_shrunk = tried, why, true
          break
        end
      end
    end
  end
  return values, err
end

local function check(property, generated, cases, seed)
  local rng = random.new(seed)
  for case = 1, cases do
    local values = {}
    for i, generator in ipairs(generated) do
      values[i] = generator.sample(rng)
    end
    local ok, err = holds(property, values)
    if not ok then
      local first = show_all(values)
      values, err = shrink(property, generated, values, err)
      local smallest = show_all(values)
      error(string.format("does not hold for %s\n  case %d of %d, seed %d%s\n\n%s", smallest, case,
        cases, seed, first ~= smallest and "; found as " .. first or "", tests.message_of(err)), 0)
    end
  end
end

--- Declares a test that something holds whatever is generated. The function fails by an assertion,
-- or by returning false.
--
--     testing.property("no stranger is let in", { gen.origin { APP } }, function(origin)
--       local r = gate:request("GET /orders/7", { origin = origin })
--       return origin == APP or r:get("Access-Control-Allow-Origin") == nil
--     end)
---@param name string
---@param generated moongate.testing.Generator[]
---@param property function
---@param options? { cases?: integer, seed?: integer }
function M.define(name, generated, property, options)
  gate_of.at_caller(function()
    options = options or {}
    local cases = options.cases or tonumber(os.getenv("MG_PROPERTY_CASES")) or CASES
    local seed = options.seed or tonumber(os.getenv("MG_PROPERTY_SEED")) or 1
    tests.it(name, function()
      check(property, generated, cases, seed)
    end)
  end)
end

return M
