--- moongate.testing.coverage_json - coverage for programs.

local coverage = require "moongate.testing.coverage"

local M = {}

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return escapes[c] or string.format("\\u%04x", c:byte())
  end) .. '"'
end

local function tallies_of(tallies, whole)
  local function one(tally)
    return string.format('{"hit":%d,"all":%d}', tally.hit, tally.all)
  end
  return string.format('"percent":%.2f,"rules":%s,"hooks":%s,"requests":%s',
    coverage.percent(whole), one(tallies.rules), one(tallies.hooks), one(tallies.matrix))
end

local function counts_of(cells)
  local parts = {}
  for i, cell in ipairs(cells) do
    parts[i] = quote(cell.name) .. ":" .. string.format("%d", cell.count)
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function resource_of(resource)
  return string.format('{"pattern":%s,"line":%d,"requests":%d,"branches":%s,"matrix":%s}',
    quote(resource.pattern), resource.line, resource.requests, counts_of(resource.branches),
    counts_of(resource.matrix))
end

local function function_of(each)
  local lines = {}
  for i, line in ipairs(each.lines) do
    lines[i] = string.format('"%d":%d', line.line, line.count)
  end
  return string.format('{"first":%d,"last":%d,"lines":{%s}}', each.first, each.last,
    table.concat(lines, ","))
end

local function list_of(values, write)
  local parts = {}
  for i, value in ipairs(values) do
    parts[i] = write(value)
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

--- One JSON document.
function M.write(report)
  local files = list_of(report.files, function(file)
    return string.format('{"file":%s,%s,"resources":%s,"functions":%s}', quote(file.name),
      tallies_of(file.tallies, file.whole), list_of(file.resources, resource_of),
      list_of(file.functions, function_of))
  end)
  return string.format('{%s,"files":%s}\n', tallies_of(report.tallies, report.whole), files)
end

return M
