--- moongate.testing.coverage_html - coverage as one page that needs nothing else.

local coverage = require "moongate.testing.coverage"

local M = {}

local STYLE = [[
:root { color-scheme: light dark; --hit: #2e7d3222; --miss: #c6282833; --line: #8884; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; }
h1 { font-size: 1.3em; } h2 { font-size: 1.1em; margin-top: 2em; }
table { border-collapse: collapse; margin: .6em 0; }
th, td { border: 1px solid var(--line); padding: .25em .6em; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.hit { background: var(--hit); } .miss { background: var(--miss); }
pre { border: 1px solid var(--line); overflow-x: auto; padding: .5em 0; }
pre span { display: block; padding: 0 .8em; } pre i { color: #888; font-style: normal; }
]]

local function escape(text)
  return (text:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
    ['"'] = "&quot;" }))
end

local function percent_text(tally)
  return tally.all == 0 and "–" or string.format("%.1f %%", coverage.percent(tally))
end

local function anchor(name)
  return (name:gsub("[^%w]", "-"))
end

local function row(out, name, link, tallies, whole)
  local label = link and string.format('<a href="#%s">%s</a>', anchor(name), escape(name)) or name
  out[#out + 1] = string.format("<tr><td>%s</td><td class=number>%s</td><td class=number>%s</td>"
    .. "<td class=number>%s</td><td class=number>%s</td></tr>", label, percent_text(whole),
    percent_text(tallies.rules), percent_text(tallies.hooks), percent_text(tallies.matrix))
end

local function summary(report, out)
  out[#out + 1] = "<table><tr><th>file</th><th>all</th><th>rules</th><th>hooks</th>"
    .. "<th>requests</th></tr>"
  for _, file in ipairs(report.files) do
    row(out, file.name, true, file.tallies, file.whole)
  end
  row(out, "all of it", false, report.tallies, report.whole)
  out[#out + 1] = "</table>"
end

local function resource_table(resource, out)
  out[#out + 1] = string.format("<table><tr><th colspan=2><a href=\"#%s-%d\">line %d</a> "
    .. "<code>%s</code></th></tr>", anchor(resource.file), resource.line, resource.line,
    escape(resource.pattern))
  for _, cells in ipairs({ resource.branches, resource.matrix }) do
    for _, cell in ipairs(cells) do
      out[#out + 1] = string.format("<tr class=%s><td>%s</td><td class=number>%d</td></tr>",
        cell.count > 0 and "hit" or "miss", escape(cell.text), cell.count)
    end
  end
  out[#out + 1] = "</table>"
end

-- How often each line ran that can.
local function counts_of(file)
  local counts = {}
  for _, each in ipairs(file.functions) do
    for _, line in ipairs(each.lines) do
      counts[line.line] = math.max(counts[line.line] or 0, line.count)
    end
  end
  for _, resource in ipairs(file.resources) do
    counts[resource.line] = (counts[resource.line] or 0) + resource.requests
  end
  return counts
end

local function source(file, out)
  local counts, number = counts_of(file), 0
  local text = file.text:sub(-1) == "\n" and file.text or file.text .. "\n"
  out[#out + 1] = "<pre>"
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    local count = counts[number]
    local class = count and (count > 0 and " class=hit" or " class=miss") or ""
    out[#out + 1] = string.format('<span id="%s-%d"%s><i>%4d %6s  </i>%s</span>',
      anchor(file.name), number, class, number, count and string.format("%d×", count) or "",
      escape(line))
  end
  out[#out + 1] = "</pre>"
end

--- The page.
function M.write(report)
  local out = { "<!doctype html>", '<html lang="en"><meta charset="utf-8">',
    "<title>moongate test: coverage</title>", "<style>" .. STYLE .. "</style>",
    "<h1>What the tests have touched</h1>" }
  summary(report, out)
  for _, file in ipairs(report.files) do
    out[#out + 1] = string.format('<h2 id="%s">%s</h2>', anchor(file.name), escape(file.name))
    for _, resource in ipairs(file.resources) do
      resource.file = file.name
      resource_table(resource, out)
    end
    source(file, out)
  end
  return table.concat(out, "\n") .. "\n"
end

return M
