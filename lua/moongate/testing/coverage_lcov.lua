--- moongate.testing.coverage_lcov - coverage as lcov's tracefile, which editors and forges show:
-- lines are those of hooks and of `resource`, branches those of the rules.

local M = {}

local function tell_functions(file, counts, out)
  local hit = 0
  for _, each in ipairs(file.functions) do
    out[#out + 1] = string.format("FN:%d,function@%d", each.first, each.first)
    out[#out + 1] = string.format("FNDA:%d,function@%d", each.count, each.first)
    hit = hit + (each.count > 0 and 1 or 0)
    for _, line in ipairs(each.lines) do
      counts[line.line] = math.max(counts[line.line] or 0, line.count)
    end
  end
  out[#out + 1] = "FNF:" .. #file.functions
  out[#out + 1] = "FNH:" .. hit
end

local function tell_branches(file, counts, out)
  local all, hit = 0, 0
  for block, resource in ipairs(file.resources) do
    counts[resource.line] = (counts[resource.line] or 0) + resource.requests
    for i, cell in ipairs(resource.branches) do
      out[#out + 1] = string.format("BRDA:%d,%d,%d,%s", resource.line, block - 1, i - 1,
        resource.requests > 0 and string.format("%d", cell.count) or "-")
      all = all + 1
      hit = hit + (cell.count > 0 and 1 or 0)
    end
  end
  out[#out + 1] = "BRF:" .. all
  out[#out + 1] = "BRH:" .. hit
end

local function tell_lines(counts, out)
  local lines, hit = {}, 0
  for line in pairs(counts) do
    lines[#lines + 1] = line
  end
  table.sort(lines)
  for _, line in ipairs(lines) do
    out[#out + 1] = string.format("DA:%d,%d", line, counts[line])
    hit = hit + (counts[line] > 0 and 1 or 0)
  end
  out[#out + 1] = "LF:" .. #lines
  out[#out + 1] = "LH:" .. hit
end

--- The tracefile.
function M.write(report)
  local out = {}
  for _, file in ipairs(report.files) do
    local counts = {}
    out[#out + 1] = "TN:moongate"
    out[#out + 1] = "SF:" .. file.name
    tell_functions(file, counts, out)
    tell_branches(file, counts, out)
    tell_lines(counts, out)
    out[#out + 1] = "end_of_record"
  end
  return table.concat(out, "\n") .. "\n"
end

return M
