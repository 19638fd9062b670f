--- moongate.testing.report - what a failed assertion shows: the request as a curl command, the
-- answer with what was expected as a diff, and how it was decided, with file and line.

local engine = require "moongate.engine"
local paint = require "moongate.testing.paint"
local request = require "moongate.testing.request"
local result = require "moongate.testing.result"

local M = {}

-- What could act on a terminal is shown as an escape.
local function safe(text)
  return (tostring(text):gsub("[%c\127]", function(c)
    return string.format("\\x%02x", c:byte())
  end))
end

-- The longest origin list that is shown whole.
local MAX_ORIGINS = 4

local function curl_lines(asked, lines)
  local parts = request.curl(asked)
  for i, part in ipairs(parts) do
    lines[#lines + 1] = (i == 1 and "  " or "    ") .. safe(part) .. (i < #parts and " \\" or "")
  end
end

--- The difference between an answer and what was expected of it.
-- `wants` is a list of { name, value }: a field and its expected value, false where it should
-- not be there; the name "status" is the status line.
local function diff_lines(answer, wants, lines)
  local wanted = {}
  for _, want in ipairs(wants) do
    if want[1] ~= "console" then
      wanted[want[1]:lower()] = want[2]
    end
  end
  local seen = {}
  local function show(name, text, prefix)
    local want = wanted[name]
    if want == nil or (seen[name] and want) then
      lines[#lines + 1] = "    " .. safe(text)
      return
    end
    if want and not seen[name] then
      lines[#lines + 1] = "  " .. paint("green", "- " .. safe(prefix .. want))
    end
    lines[#lines + 1] = "  " .. paint("red", "+ " .. safe(text))
    seen[name] = true
  end
  show("status", answer.status_line or tostring(answer.status), "HTTP/1.1 ")
  for _, field in ipairs(answer.fields) do
    show(field[1]:lower(), field[1] .. ": " .. field[2], field[1] .. ": ")
  end
  for _, want in ipairs(wants) do
    if wanted[want[1]:lower()] and not seen[want[1]:lower()] then
      lines[#lines + 1] = "  " .. paint("green", "- " .. safe(want[1] .. ": " .. want[2]))
    end
  end
end

-- Rows { label, text, place }, the places in a column.
local function table_lines(rows, lines)
  local labels, texts = 0, 0
  for _, row in ipairs(rows) do
    labels = math.max(labels, #row[1])
    if row[3] then
      texts = math.max(texts, utf8.len(row[2]) or #row[2])
    end
  end
  for _, row in ipairs(rows) do
    local text = safe(row[2])
    local gap = row[3] and string.rep(" ", texts - (utf8.len(text) or #text) + 2) or ""
    local line = "    " .. row[1] .. string.rep(" ", labels - #row[1] + 2) .. text .. gap
      .. (row[3] and paint("dim", row[3]) or "")
    lines[#lines + 1] = row.mark and paint(row.mark, line) or line
  end
end

local function at(file, line)
  return file and file .. ":" .. line or nil
end

local function origins_text(rule)
  if rule.functions.origins then
    return "origins are given by a function"
  elseif rule.public then
    return "any origin (\"*\")"
  elseif rule.cors ~= "rule" then
    return rule.cors == "off" and "cors = false: the handler's own" or "no cors key: same-origin"
  end
  local shown = {}
  for i = 1, math.min(#rule.origins, MAX_ORIGINS) do
    shown[i] = rule.origins[i]
  end
  local more = rule.origin_count - #shown
  return table.concat(shown, ", ") .. (more > 0 and ", and " .. more .. " more" or "")
end

local function hooks_text(rule)
  local names = {}
  for name in pairs(rule.functions) do
    names[#names + 1] = name
  end
  table.sort(names)
  return table.concat(names, ", ")
end

local function fault_rows(answer, rows)
  for _, line in ipairs(answer.log) do
    if line.event == "hook failed" then
      rows[#rows + 1] = { "fault", line.hook .. ": " .. line.message, at(line.file, line.line) }
      if line.hint and line.hint ~= "" then
        rows[#rows + 1] = { "", "(" .. line.hint .. ")" }
      end
    end
  end
end

--- How the policy came to its answer.
local function trace_rows(answer)
  local rows = {}
  local rule = answer.rule
  if rule then
    rows[#rows + 1] = { "resource", rule.pattern, at(rule.file, rule.line) }
  else
    rows[#rows + 1] = { "resource", "none matched" }
  end
  rows[#rows + 1] = { "kind", answer.kind }
  if rule then
    rows[#rows + 1] = { "origins", origins_text(rule) }
    if next(rule.functions) then
      rows[#rows + 1] = { "functions", hooks_text(rule) }
    end
  end
  rows[#rows + 1] = { "decision", answer.decision .. ": " .. tostring(answer.reason),
    at(answer.file, answer.line) }
  local sentence = answer.reason and engine.reason(answer.reason)
  if sentence then
    rows[#rows + 1] = { "", sentence }
  elseif answer.by_hook then
    rows[#rows + 1] = { "", "The code is the policy's own." }
  end
  fault_rows(answer, rows)
  if answer.instructions > 0 then
    rows[#rows + 1] = { "cost", answer.instructions .. " instructions of " .. _VERSION }
  end
  if answer.stand_in then
    rows[#rows + 1] = { "note", "no upstream here: an empty 200 stands for its answer" }
  end
  return rows
end

local function step_rows(fetch)
  local rows = {}
  for _, step in ipairs(fetch.steps) do
    local text = step.what .. (step.detail and step.detail ~= "" and ": " .. step.detail or "")
    rows[#rows + 1] = { step.passed and "ok" or "FAIL", text, step.section,
      mark = not step.passed and "red" or nil }
  end
  return rows
end

local function answer_lines(answer, wants, lines)
  lines[#lines + 1] = ""
  curl_lines(answer.request, lines)
  lines[#lines + 1] = ""
  diff_lines(answer, wants, lines)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "  how it was decided"
  table_lines(trace_rows(answer), lines)
end

local function fetch_text(fetch)
  local spec = fetch.spec
  return string.format("fetch(%s) from %s%s", fetch.url, fetch.from,
    spec.credentials and ", credentials " .. spec.credentials or "")
end

local function wants_console(wants)
  for _, want in ipairs(wants) do
    if want[1] == "console" then
      return want[2]
    end
  end
  return nil
end

local function fetch_lines(fetch, wants, lines)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "  " .. safe(fetch_text(fetch))
  table_lines(step_rows(fetch), lines)
  local want = wants_console(wants)
  if want or fetch.console then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "  the browser's console"
  end
  if want then
    lines[#lines + 1] = "  " .. paint("green", "- " .. safe(want))
  end
  if fetch.console then
    local mark = want and paint("red", "+ " .. safe(fetch.console)) or "  " .. safe(fetch.console)
    lines[#lines + 1] = "  " .. mark
  elseif want then
    lines[#lines + 1] = "  " .. paint("red", "+ (nothing)")
  end
  if fetch.last then
    answer_lines(fetch.last, wants, lines)
  end
end

--- The whole message: `headline`, then all there is to see of `value`, a result or a fetch.
function M.render(headline, value, wants)
  local lines = { paint("bold", headline) }
  if wants and #wants > 0 then
    lines[1] = lines[1] .. paint("dim", "  (- expected, + got)")
  end
  if result.is_fetch(value) then
    fetch_lines(value, wants or {}, lines)
  else
    answer_lines(value, wants or {}, lines)
  end
  return table.concat(lines, "\n")
end

return M
