--- moongate.testing.diff - two texts, line by line: "-" what only the first has, "+" the second.

local paint = require "moongate.testing.paint"

local M = {}

local CONTEXT = 2 -- lines around a change

local function lines_of(text)
  local lines = {}
  for line in (text:sub(-1) == "\n" and text or text .. "\n"):gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

-- The lengths of the longest common subsequences of what is behind each pair of lines.
local function lengths(a, b)
  local rows = {}
  for i = #a + 1, 1, -1 do
    local row = {}
    for j = #b + 1, 1, -1 do
      if i > #a or j > #b then
        row[j] = 0
      elseif a[i] == b[j] then
        row[j] = rows[i + 1][j + 1] + 1
      else
        row[j] = math.max(rows[i + 1][j], row[j + 1])
      end
    end
    rows[i] = row
  end
  return rows
end

-- All lines as { mark, text }.
local function walk(a, b)
  local rows, out = lengths(a, b), {}
  local i, j = 1, 1
  while i <= #a or j <= #b do
    if i <= #a and j <= #b and a[i] == b[j] then
      out[#out + 1] = { " ", a[i] }
      i, j = i + 1, j + 1
    elseif j > #b or (i <= #a and rows[i + 1][j] >= rows[i][j + 1]) then
      out[#out + 1] = { "-", a[i] }
      i = i + 1
    else
      out[#out + 1] = { "+", b[j] }
      j = j + 1
    end
  end
  return out
end

local function is_near_change(all, at)
  for i = math.max(1, at - CONTEXT), math.min(#all, at + CONTEXT) do
    if all[i][1] ~= " " then
      return true
    end
  end
  return false
end

local colours = { ["-"] = "green", ["+"] = "red" }

--- The changes, each with lines around it.
function M.text(before, after)
  local all, shown = walk(lines_of(before), lines_of(after)), {}
  local is_open = true
  for i, line in ipairs(all) do
    if is_near_change(all, i) then
      local text = ("  " .. line[1] .. " " .. line[2]):gsub(" +$", "")
      shown[#shown + 1] = colours[line[1]] and paint(colours[line[1]], text) or text
      is_open = true
    elseif is_open then
      shown[#shown + 1] = "    …"
      is_open = false
    end
  end
  return table.concat(shown, "\n")
end

return M
