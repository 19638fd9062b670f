--- moongate.testing.coverage_text - coverage for a terminal: a line a file, and what was missed.

local coverage = require "moongate.testing.coverage"
local paint = require "moongate.testing.paint"

local M = {}

local function part(name, tally)
  if tally.all == 0 then
    return name .. "   -  "
  end
  return string.format("%s %3.0f %%", name, coverage.percent(tally))
end

local function missed(cells)
  local names = {}
  for _, cell in ipairs(cells) do
    if cell.count == 0 then
      names[#names + 1] = cell.text
    end
  end
  return names
end

-- Lines as "3, 5-7".
local function ranges(list)
  local parts, first, last = {}, nil, nil
  local function close()
    if first then
      parts[#parts + 1] = first == last and tostring(first) or first .. "-" .. last
    end
  end
  for _, each in ipairs(list) do
    if each.count == 0 then
      if not last or each.line > last + 1 then
        close()
        first = each.line
      end
      last = each.line
    end
  end
  close()
  return table.concat(parts, ", ")
end

local function tell_resource(resource, out)
  local never, untried = missed(resource.branches), missed(resource.matrix)
  if #never == 0 and #untried == 0 then
    return
  end
  out[#out + 1] = string.format("%6d  %s", resource.line, resource.pattern)
  if resource.requests == 0 then
    out[#out + 1] = "        " .. paint("red", "no test has asked for it")
    return
  end
  for _, text in ipairs(never) do
    out[#out + 1] = "        " .. paint("red", "never: " .. text)
  end
  if #untried > 0 then
    out[#out + 1] = "        " .. paint("yellow", "not tried: " .. table.concat(untried, ", "))
  end
end

local function tell_function(each, out)
  local lines = ranges(each.lines)
  if each.count == 0 then
    out[#out + 1] = string.format("%6d  %s", each.first, paint("red", "the function never ran"))
  elseif lines ~= "" then
    out[#out + 1] = string.format("%6d  the function has lines that never ran: %s", each.first,
      paint("red", lines))
  end
end

--- The whole text.
function M.write(report)
  local out, width = {}, 0
  for _, file in ipairs(report.files) do
    width = math.max(width, #file.name)
  end
  width = math.max(width, #"all of it")
  local function head(name, tallies, whole)
    out[#out + 1] = (string.format("%-" .. width .. "s  %5.1f %%   %s  %s  %s", name,
      coverage.percent(whole), part("rules", tallies.rules), part("hooks", tallies.hooks),
      part("requests", tallies.matrix)):gsub(" +$", ""))
  end
  for _, file in ipairs(report.files) do
    head(file.name, file.tallies, file.whole)
    for _, resource in ipairs(file.resources) do
      tell_resource(resource, out)
    end
    for _, each in ipairs(file.functions) do
      tell_function(each, out)
    end
  end
  if #report.files == 0 then
    out[#out + 1] = "no test has loaded a policy"
  end
  head("all of it", report.tallies, report.whole)
  return table.concat(out, "\n") .. "\n"
end

return M
