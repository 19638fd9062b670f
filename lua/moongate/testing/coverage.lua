--- moongate.testing.coverage - what no test has touched: rules, lines of hooks, and kinds of
-- requests. The engine counts (src/testing/coverage.c); here it is put together.

local engine = require "moongate.engine"
local lines = require "moongate.testing.lines"

local M = {}

-- The branches of a rule: what is counted, what it is called, and whether a rule has it.
local function has_rule(rule)
  return rule.cors == "rule"
end
local function refuses_origins(rule)
  return rule.cors ~= "off" and not rule.public
end
local branches = {
  { "preflight_allowed", "a preflight is allowed", has_rule },
  { "preflight_origin_denied", "a preflight's origin is refused", refuses_origins },
  { "preflight_method_denied", "a preflight's method is refused", function(rule)
    return has_rule(rule) and not rule.any_method
  end },
  { "preflight_header_denied", "a preflight's header is refused", has_rule },
  { "actual_allowed", "a cross-origin request is allowed", has_rule },
  { "actual_denied", "a cross-origin request is refused", refuses_origins },
}

local matrix = {
  { "preflight", "preflight" },
  { "simple", "simple" },
  { "preflighted", "preflighted", function(rule)
    return has_rule(rule)
  end },
  { "credentials", "credentials", function(rule)
    return has_rule(rule) and rule.credentials
  end },
  { "null_origin", "null origin" },
  { "no_origin", "no Origin" },
  { "error_response", "error answer" },
}

local function key_of(resource)
  return resource.file .. "\0" .. resource.line .. "\0" .. resource.pattern
end

local function state()
  local registry = debug.getregistry()
  registry["moongate.covered"] = registry["moongate.covered"] or { resources = {}, files = {} }
  return registry["moongate.covered"]
end

local function read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

--- Notes what a gate has, so that what no test asks for is seen. Policies that are texts of a spec
-- are no files, and count for nothing.
function M.know(handle)
  local known = state()
  for _, resource in ipairs(handle:resources()) do
    if known.files[resource.file] == nil then
      known.files[resource.file] = read(resource.file) or false
    end
    if known.files[resource.file] then
      known.resources[key_of(resource)] = resource
    end
  end
  for _, name in ipairs(handle:scripts()) do
    if known.files[name] == nil then
      known.files[name] = read(name) or false
    end
  end
end

-- ---- putting together

local function cells_of(rule, counts, table_of)
  local cells = {}
  for _, row in ipairs(table_of) do
    if not row[3] or row[3](rule) then
      cells[#cells + 1] = { name = row[1], text = row[2], count = counts[row[1]] or 0 }
    end
  end
  return cells
end

local function functions_of(text, counts)
  local list = {}
  for _, each in ipairs(lines.functions(text)) do
    local found = { first = each.first, last = each.last, lines = {}, count = 0 }
    for line in pairs(each.lines) do
      local count = counts[line] or 0
      found.lines[#found.lines + 1] = { line = line, count = count }
      found.count = math.max(found.count, count)
    end
    table.sort(found.lines, function(a, b)
      return a.line < b.line
    end)
    list[#list + 1] = found
  end
  return list
end

local function tally(list, into)
  for _, each in ipairs(list) do
    into.all = into.all + 1
    into.hit = into.hit + (each.count > 0 and 1 or 0)
  end
end

local function percent(part)
  return part.all == 0 and 100 or 100 * part.hit / part.all
end

local function add(total, part)
  total.hit, total.all = total.hit + part.hit, total.all + part.all
end

local function new_tallies()
  return { rules = { hit = 0, all = 0 }, hooks = { hit = 0, all = 0 },
    matrix = { hit = 0, all = 0 } }
end

local function sum(tallies)
  local whole = { hit = 0, all = 0 }
  add(whole, tallies.rules)
  add(whole, tallies.hooks)
  add(whole, tallies.matrix)
  return whole
end

local function add_resource(file, rule, counts)
  local resource = { pattern = rule.pattern, line = rule.line, requests = counts.requests or 0,
    branches = cells_of(rule, counts, branches),
    matrix = cells_of(rule, counts, rule.cors == "off" and {} or matrix) }
  tally(resource.branches, file.tallies.rules)
  tally(resource.matrix, file.tallies.matrix)
  file.resources[#file.resources + 1] = resource
end

--- All of it: files in order of their names, each with resources, functions and tallies.
function M.collect()
  local known, counted = state(), engine.coverage()
  local counts = {}
  for _, resource in ipairs(counted.resources) do
    counts[key_of(resource)] = resource.counts
  end
  local report = { files = {}, tallies = new_tallies() }
  local by_name = {}
  for name, text in pairs(known.files) do
    if text then
      local file = { name = name, text = text, resources = {}, tallies = new_tallies(),
        functions = functions_of(text, counted.lines[name] or {}) }
      for _, each in ipairs(file.functions) do
        tally(each.lines, file.tallies.hooks)
      end
      by_name[name] = file
      report.files[#report.files + 1] = file
    end
  end
  for key, rule in pairs(known.resources) do
    add_resource(by_name[rule.file], rule, counts[key] or {})
  end
  table.sort(report.files, function(a, b)
    return a.name < b.name
  end)
  for _, file in ipairs(report.files) do
    table.sort(file.resources, function(a, b)
      return a.line ~= b.line and a.line < b.line or a.line == b.line and a.pattern < b.pattern
    end)
    for what, part in pairs(file.tallies) do
      add(report.tallies[what], part)
    end
    file.whole = sum(file.tallies)
  end
  report.whole = sum(report.tallies)
  return report
end

M.percent = percent

-- ---- writing it

local function write(path, text)
  local file, err = io.open(path, "wb")
  if not file then
    return "the coverage cannot be written: " .. err
  end
  file:write(text)
  file:close()
  return nil
end

local defaults = { json = "coverage.json", lcov = "coverage.lcov", html = "coverage.html" }

--- Writes the report that was asked for. Returns: whether it is above the threshold, and an error.
function M.report(options)
  local report = M.collect()
  local text = require("moongate.testing.coverage_" .. options.coverage).write(report)
  local path = options.coverage_file or defaults[options.coverage]
  if path then
    local err = write(path, text)
    if err then
      return false, err
    end
    io.write(string.format("coverage %.1f %%, written to %s\n", percent(report.whole), path))
  else
    io.write("\n", text)
  end
  if options.threshold and percent(report.whole) < options.threshold then
    io.stderr:write(string.format("moongate test: coverage %.1f %% is below %g %%\n",
      percent(report.whole), options.threshold))
    return false
  end
  return true
end

return M
