--- What tests of hot swap share: policies that change under a running server, and a checker that
-- reads every answer under load.

local process = require("tests.wire.support.process")

local M = {}

local PATIENCE = tonumber(os.getenv("WIRE_PATIENCE")) or 10

--- Writes a file in full before it has its name, as editors and deployments do.
function M.replace(path, content)
  process.write_file(path .. ".new", content)
  assert(os.rename(path .. ".new", path))
end

--- The path of a policy of `server`.
function M.path(server, name)
  return server.dir .. "/policies/" .. (name or "policy.lua")
end

--- Waits for a line of the server's log that has `text`, behind byte `from` (default: the start).
-- Returns the line.
function M.wait_log(server, text, from)
  local line = process.poll(PATIENCE, function()
    local log = server.process:stderr()
    local at = log:find(text, from or 1, true)
    local start = at and (log:sub(1, at):match(".*\n()") or 1)
    return at and log:match("[^\n]*", start)
  end)
  if not line then
    error("no line with " .. text .. " " .. server.process:tail(), 2)
  end
  return line
end

--- How much the server has logged: for wait_log.
function M.mark(server)
  return #server.process:stderr() + 1
end

--- The revision that answers now, and the answer.
function M.revision(server, path)
  local answer = server:ask("GET " .. (path or "/"), { "Host: h", "Origin: https://a.example" })
  return answer:get("Moongate-Revision"), answer
end

--- Waits until another revision than `old` answers; returns it.
function M.wait_revision(server, old)
  local now = process.poll(PATIENCE, function()
    local revision = M.revision(server)
    return revision ~= old and revision
  end)
  if not now then
    error("still revision " .. old .. " " .. server.process:tail(), 2)
  end
  return now
end

local Load = {}
Load.__index = Load

--- Opens `count` connections that stay open. `requests` is a list of whole requests; each round
-- sends all of them in one write on each connection, and reads every answer.
function M.load(server, count, requests)
  local load = setmetatable({ connections = {}, requests = requests, answers = 0 }, Load)
  load.bytes = table.concat(requests)
  for i = 1, count do
    load.connections[i] = server:connect()
  end
  return load
end

--- One round. `check(request, answer)` gets the position of the request, and its answer.
function Load:round(check)
  for _, connection in ipairs(self.connections) do
    connection.sent = {} -- or it would remember every round
    connection:send(self.bytes)
  end
  for _, connection in ipairs(self.connections) do
    for position, request in ipairs(self.requests) do
      local answer = connection:read(request:match("^%S+"))
      self.answers = self.answers + 1
      check(position, answer)
    end
  end
end

function Load:close()
  for _, connection in ipairs(self.connections) do
    connection:close()
  end
end

--- What of an answer its policies decide: everything but Date.
function M.normal(answer)
  return (answer.head:gsub("\r\nDate: [^\r]*", "", 1)) .. "\r\n"
    .. answer.body:gsub("%(id %x+%)", "(id)")
end

return M
