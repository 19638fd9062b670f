--- Table-driven exchanges: a row says what is sent and what must come back.
--
-- Sent: `send` (the bytes), or `line` ("GET /x"), `fields` (list of "Name: value", default a
-- Host) and `content`. Expected, each optional: `status` (a number or a list of them),
-- `equal` (field name to its one exact value), `has` and `lacks` (list field to members),
-- `absent` (field names), `cors = false` (no Access-Control-* at all), `body`, `closes`,
-- `log` (key to value of the access-log record; a function is called with the value).

local response = require("tests.wire.support.response")

local M = {}

--- The bytes of a row.
function M.bytes(row)
  if row.send then
    return row.send
  end
  local lines = { row.line .. " HTTP/1.1" }
  for _, field in ipairs(row.fields or { "Host: a" }) do
    lines[#lines + 1] = field
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (row.content or "")
end

local function quoted(value)
  if value == nil then
    return "none"
  end
  return type(value) == "string" and '"' .. response.show(value) .. '"' or tostring(value)
end

local function check_status(row, answer, add)
  local wanted = type(row.status) == "table" and row.status or { row.status }
  for _, status in ipairs(wanted) do
    if answer.status == status then
      return
    end
  end
  if #wanted > 0 then
    add("status %d, expected %s", answer.status, table.concat(wanted, " or "))
  end
end

local function check_equal(row, answer, add)
  for name, wanted in pairs(row.equal or {}) do
    local values = answer:all(name)
    if #values ~= 1 or values[1] ~= wanted then
      add("%s: %s, expected one line %s", name,
        #values == 0 and "absent" or quoted(table.concat(values, "\r\n")), quoted(wanted))
    end
  end
end

local function check_lists(row, answer, add)
  for name, members in pairs(row.has or {}) do
    for _, member in ipairs(members) do
      if not answer:list_has(name, member) then
        add("%s: %s lacks %s", name, quoted(table.concat(answer:list(name), ", ")), member)
      end
    end
  end
  for name, members in pairs(row.lacks or {}) do
    for _, member in ipairs(members) do
      if answer:list_has(name, member) then
        add("%s: %s has %s", name, quoted(table.concat(answer:list(name), ", ")), member)
      end
    end
  end
end

local function check_absent(row, answer, add)
  for _, name in ipairs(row.absent or {}) do
    if #answer:all(name) > 0 then
      add("%s: %s, expected none", name, quoted(answer:all(name)[1]))
    end
  end
  if row.cors == false then
    for _, name in ipairs(answer:names_with("access-control-")) do
      add("%s: %s, expected no CORS fields", name, quoted(answer:all(name)[1]))
    end
  end
  if row.body and answer.body ~= row.body then
    add("body %s, expected %s", quoted(answer.body), quoted(row.body))
  end
end

-- What holds for every answer of the server.
local function check_always(answer, add)
  for _, name in ipairs({
    "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Vary", "Allow", "Date",
    "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age",
    "Access-Control-Expose-Headers", "Content-Length", "Connection",
  }) do
    if #answer:all(name) > 1 then
      add("%d lines of %s", #answer:all(name), name)
    end
  end
  local origin = answer:all("Access-Control-Allow-Origin")[1]
  local credentials = answer:all("Access-Control-Allow-Credentials")[1]
  if credentials and (credentials ~= "true" or origin == nil or origin == "*") then
    add("Allow-Credentials %s with Allow-Origin %s", quoted(credentials), quoted(origin))
  end
  if answer.version ~= "HTTP/1.1" then
    add("version %s", answer.version)
  end
  if #answer:all("Date") == 0 and answer.status >= 200 then
    add("no Date")
  end
end

--- Adds what is wrong with a record of the access log by the row.
function M.check_log(row, record, add)
  for key, wanted in pairs(row.log) do
    local value = record[key]
    if type(wanted) == "function" then
      local problem = wanted(value)
      if problem then
        add("log %s: %s: %s", key, quoted(value), problem)
      end
    elseif value ~= wanted then
      add("log %s: %s, expected %s", key, quoted(value), quoted(wanted))
    end
  end
end

--- All that is wrong with `answer` by `row`, as a list of sentences.
function M.faults(row, answer)
  local faults = {}
  local function add(format, ...)
    faults[#faults + 1] = string.format(format, ...)
  end
  check_status(row, answer, add)
  check_equal(row, answer, add)
  check_lists(row, answer, add)
  check_absent(row, answer, add)
  check_always(answer, add)
  return faults, add
end

--- Runs a row against a server; one error names everything that is wrong.
-- The connection must then be as the answer announced: closed, or good for another exchange.
function M.check(server, row)
  local bytes = M.bytes(row)
  local answer, connection = server:exchange(bytes, row.method)
  local faults, add = M.faults(row, answer)
  if row.closes ~= nil and answer:says_close() ~= row.closes then
    add(row.closes and "does not announce the close" or "announces a close")
  end
  if row.log then
    M.check_log(row, server:record(connection), add)
  end
  if #faults > 0 then
    error(string.format("%s:\n  - %s\n  sent: %s\n  answer: %s", row[1] or "exchange",
      table.concat(faults, "\n  - "), response.show(bytes),
      response.show(answer.head .. "\r\n" .. answer.body)), 0)
  end
  connection:assert_as_announced()
  return answer
end

return M
