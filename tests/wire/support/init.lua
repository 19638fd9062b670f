--- The wire tests' harness: a real `moongate serve` on a port of the kernel's choice, spoken to
-- in raw bytes.
--
-- Environment: MOONGATE, the program under test (default build/dev/moongate);
-- WIRE_PATIENCE, seconds a single wait may take (default 10).

assert(_VERSION == "Lua 5.4", "run the wire tests with Lua 5.4: lua5.4 /usr/bin/busted tests/wire")

local cjson = require("cjson")
local client = require("tests.wire.support.client")
local lfs = require("lfs")
local process = require("tests.wire.support.process")
local response = require("tests.wire.support.response")

local M = { process = process, show = response.show, json = cjson }

--- Where the bundled plugins are.
M.plugins = lfs.currentdir() .. "/plugins"

local Server = {}
Server.__index = Server

--- A line of JSON as a table; an error that shows the line when it is none.
function M.decode(line)
  local ok, value = pcall(cjson.decode, line)
  if not ok then
    error("no JSON: " .. response.show(line) .. ": " .. tostring(value), 2)
  end
  return value
end

--- The path of the program under test.
function M.program()
  local path = os.getenv("MOONGATE") or "build/dev/moongate"
  if path:sub(1, 1) ~= "/" then
    path = lfs.currentdir() .. "/" .. path
  end
  assert(lfs.attributes(path, "mode") == "file", "no program at " .. path .. " (set MOONGATE)")
  return path
end

local sanitized
--- Whether the program is built with a sanitizer: its memory figures then mean nothing.
function M.is_sanitized()
  if sanitized == nil then
    sanitized = os.execute("grep -qE '__(asan|tsan)_init' " .. process.quote(M.program())) == true
  end
  return sanitized
end

local function write_policies(dir, policy)
  local files = type(policy) == "table" and policy or { ["policy.lua"] = policy }
  assert(lfs.mkdir(dir .. "/policies"))
  for name, text in pairs(files) do
    process.write_file(dir .. "/policies/" .. name, text)
  end
  return dir .. "/policies"
end

--- Runs the program to its end. Returns its status, standard output and standard error.
-- `options.policy`: text, or a table of file names and texts; the word POLICY among the
-- arguments stands for its directory.
function M.run(arguments, options)
  local dir = process.make_dir()
  local policies = options and options.policy and write_policies(dir, options.policy)
  local argv = { M.program() }
  local has_admin = arguments[1] ~= "serve"
  for _, argument in ipairs(arguments) do
    argv[#argv + 1] = argument == "POLICY" and policies or argument
    has_admin = has_admin or argument == "--admin"
  end
  if not has_admin then
    -- The default place is one for all servers of a user.
    table.insert(argv, "--admin")
    table.insert(argv, "off")
  end
  local child = process.spawn(argv, dir, options and options.environment)
  local status = child:wait(20)
  if not status then
    child:signal("KILL")
    error("still running after 20 s: " .. table.concat(argv, " ") .. "\n" .. child:tail(), 2)
  end
  local out, err = child:stdout(), child:stderr()
  process.remove_dir(dir)
  return status, out, err
end

local function read_addresses(child, count)
  return process.poll(20, function()
    local addresses = {}
    for address in child:stdout():gmatch("listening on ([^\n]+)\n") do
      addresses[#addresses + 1] = address
    end
    return (#addresses >= count and addresses) or (child:status() and {})
  end)
end

--- Starts a server and waits until it listens.
-- `options`: policy (as for M.run; false: none), listen (list, default one TCP address), admin
-- (an address or a list of them, in which DIR is the server's directory; default "off"),
-- workers (default 2), limits (table of --limit names and values), arguments (further ones), environment,
-- program (one in place of the program under test), access_log (default "access.log" in the
-- server's directory).
function M.start(options)
  local dir = process.make_dir()
  local listen = options.listen or { "127.0.0.1:0" }
  local argv = { options.program or M.program(), "serve" }
  if options.policy ~= false then
    argv[3], argv[4] = "--policy", write_policies(dir, options.policy)
  end
  local function add(...)
    for _, word in ipairs({ ... }) do
      argv[#argv + 1] = tostring(word)
    end
  end
  add("--workers", options.workers or 2, "--access-log", options.access_log or "access.log")
  for _, address in ipairs(listen) do
    add("--listen", (address:gsub("DIR", dir)))
  end
  local admin = options.admin or "off"
  for _, address in ipairs(type(admin) == "table" and admin or { admin }) do
    add("--admin", (address:gsub("DIR", dir)))
  end
  if M.is_sanitized() then
    add("--limit", "hook-cpu=200ms") -- a sanitizer's share of a hook's time is not the hook's
  end
  for name, value in pairs(options.limits or {}) do
    add("--limit", name .. "=" .. value)
  end
  add(table.unpack(options.arguments or {}))
  local child = process.spawn(argv, dir, options.environment)
  local server = setmetatable({ process = child, dir = dir, pid = child.pid }, Server)
  server.addresses = read_addresses(child, #listen)
  if not server.addresses or #server.addresses < #listen then
    child:signal("KILL")
    error("the server did not start: " .. table.concat(argv, " ") .. "\n" .. child:stdout()
      .. child:tail(), 2)
  end
  server.port = tonumber(server.addresses[1]:match(":(%d+)$"))
  return server
end

--- A new connection. `options`: address (1-based, default 1), receive_buffer.
function Server:connect(options)
  local address = self.addresses[options and options.address or 1]
  local path = address:match("^unix:(.+)$")
  if path then
    return client.unix(self, path)
  end
  return client.tcp(self, tonumber(address:match(":(%d+)$")), options)
end

--- One exchange on a connection of its own. `bytes` is the whole request. Returns the final
-- response, the connection, and the interim responses before it.
function Server:exchange(bytes, method)
  local connection = self:connect():send(bytes)
  local interim = {}
  local answer = connection:read(method or bytes:match("^%S+"))
  while answer.status < 200 do
    interim[#interim + 1] = answer
    answer = connection:read(method or bytes:match("^%S+"))
  end
  return answer, connection, interim
end

--- One exchange given as a request line and a list of field lines; then closes.
function Server:ask(line, fields, content)
  local lines = { line .. " HTTP/1.1" }
  for _, field in ipairs(fields or { "Host: a" }) do
    lines[#lines + 1] = field
  end
  local answer, connection = self:exchange(
    table.concat(lines, "\r\n") .. "\r\n\r\n" .. (content or ""))
  connection:close()
  return answer, connection
end

--- All whole lines of the access log as text.
function Server:log_lines(name)
  local lines = {}
  local text = process.read_file(self.dir .. "/" .. (name or "access.log")) or ""
  for line in text:gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

--- Waits for `count` records of a connection in the access log (default 1) and returns them,
-- oldest first.
function Server:records(connection, count)
  count = count or 1
  local found
  local enough = process.poll(connection.patience, function()
    found = {}
    for _, line in ipairs(self:log_lines()) do
      local record = line:find(connection.peer, 1, true) and M.decode(line)
      if record and tostring(record.remote):match("^[^:]+") == connection.peer then
        found[#found + 1] = record
      end
    end
    return #found >= count
  end)
  if not enough then
    connection:fail(string.format("%d records in the access log, expected %d", #found, count))
  end
  return found
end

--- The newest record of a connection.
function Server:record(connection, count)
  local records = self:records(connection, count)
  return records[#records]
end

local function assert_no_report(server)
  local text = server.process:stderr()
  if text:find("Sanitizer", 1, true) or text:find("runtime error:", 1, true) then
    error("a sanitizer reported:\n" .. text, 0)
  end
end

--- Fails when the server has ended or a sanitizer has reported something. For after_each.
function Server:assert_alive()
  if self.process:status() then
    error("the server has ended " .. self.process:tail(), 0)
  end
  assert_no_report(self)
end

--- Waits for the end of a server that was told to stop; fails unless it leaves in order.
function Server:assert_left(seconds)
  local status = self.process:wait(seconds)
  if not status then
    self.process:signal("KILL")
    error(string.format("the server did not end within %g s %s", seconds, self.process:tail()), 0)
  end
  assert_no_report(self)
  if status ~= 0 then
    error("the server ended with status " .. status .. " " .. self.process:tail(), 0)
  end
  process.remove_dir(self.dir)
end

--- Ends the server with SIGTERM and fails unless it leaves in order.
function Server:stop()
  self.process:signal("TERM")
  self:assert_left(40)
end

return M
