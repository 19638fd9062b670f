--- Child processes, owned by process id: start, watch, signal, collect output.
--
-- Debian 12 has no fork/exec module for Lua 5.4, so a shell of our own starts the child,
-- writes its id, waits for it and writes its exit status (128 + n after signal n). Nothing is
-- ever signalled by name, and nothing once its exit status is known.

local lfs = require("lfs")
local system = require("system")

local M = {}

local Process = {}
Process.__index = Process

--- Monotonic seconds.
function M.now()
  return system.monotime()
end

--- Calls `probe` until it returns a true value, which is returned; nil after `seconds`.
function M.poll(seconds, probe)
  local deadline = M.now() + seconds
  local pause = 0.0005
  while true do
    local value = probe()
    if value then
      return value
    end
    if M.now() >= deadline then
      return nil
    end
    system.sleep(pause)
    pause = math.min(pause * 2, 0.02)
  end
end

--- The whole content of a file, or nil when there is none.
function M.read_file(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local content = file:read("a")
  file:close()
  return content
end

--- Writes a file, replacing what was there.
function M.write_file(path, content)
  local file = assert(io.open(path, "wb"))
  assert(file:write(content))
  assert(file:close())
  return path
end

local function quote(argument)
  return "'" .. tostring(argument):gsub("'", "'\\''") .. "'"
end
M.quote = quote

--- A new empty directory; M.remove_dir takes it away.
function M.make_dir()
  local pipe = assert(io.popen("mktemp -d -t moongate-wire.XXXXXX", "r"))
  local path = pipe:read("l")
  pipe:close()
  assert(path and lfs.attributes(path, "mode") == "directory", "mktemp failed")
  return path
end

--- Removes a directory that M.make_dir made.
function M.remove_dir(path)
  assert(path:find("moongate-wire.", 1, true), "not a directory of ours: " .. path)
  os.execute("rm -rf " .. quote(path))
end

-- The shell's part. Its standard input is a pipe from the tests: when that breaks, because a test
-- gave up or the whole run was killed, the child is killed too, so that none is ever left behind.
local SCRIPT = [[
cd %s || exit
exec 3<&0 >/dev/null 2>&1
env %s >stdout 2>stderr </dev/null 3<&- &
child=$!
{ read -r _ <&3; kill -KILL $child; } &
guard=$!
echo $child >pid.new; mv pid.new pid
wait $child
status=$?
kill $guard
echo $status >status.new; mv status.new status
]]

--- Starts `argv` in the background. `dir` gets the files stdout, stderr, pid and status.
-- `environment` is a list of NAME=VALUE. The child does not outlive the process object.
function M.spawn(argv, dir, environment)
  local words = {}
  for _, variable in ipairs(environment or {}) do
    words[#words + 1] = quote(variable)
  end
  for _, argument in ipairs(argv) do
    words[#words + 1] = quote(argument)
  end
  local script = string.format(SCRIPT, quote(dir), table.concat(words, " "))
  local process = setmetatable({ dir = dir, argv = argv }, Process)
  process.guard = assert(io.popen(script, "w"))
  process.pid = M.poll(10, function()
    return tonumber(M.read_file(dir .. "/pid"))
  end)
  assert(process.pid, "the shell did not start " .. argv[1])
  return process
end

--- What the child has written to standard output so far.
function Process:stdout()
  return M.read_file(self.dir .. "/stdout") or ""
end

--- What the child has written to standard error so far.
function Process:stderr()
  return M.read_file(self.dir .. "/stderr") or ""
end

--- The exit status, or nil while the child runs.
function Process:status()
  return tonumber(M.read_file(self.dir .. "/status"))
end

--- Sends a signal ("TERM", "KILL", "USR1") unless the child has ended.
function Process:signal(name)
  if self:status() == nil then
    os.execute(string.format("kill -%s %d 2>/dev/null", name, self.pid))
  end
end

--- Waits for the end. Returns the exit status, or nil after `seconds`.
function Process:wait(seconds)
  return M.poll(seconds, function()
    return self:status()
  end)
end

--- A number of /proc/PID/status in KiB ("VmRSS", "VmHWM"), or as it stands ("Threads").
function Process:proc_status(key)
  local text = M.read_file(string.format("/proc/%d/status", self.pid)) or ""
  return tonumber(text:match(key .. ":%s*(%d+)"))
end

--- How many file descriptors the child holds.
function Process:open_files()
  local count = 0
  for name in lfs.dir(string.format("/proc/%d/fd", self.pid)) do
    count = count + (tonumber(name) and 1 or 0)
  end
  return count
end

--- Processor time used so far, in ticks of 10 ms.
function Process:cpu_ticks()
  local text = M.read_file(string.format("/proc/%d/stat", self.pid)) or ""
  local user, system_time = text:match("%) %S+" .. (" %S+"):rep(10) .. " (%d+) (%d+)")
  return tonumber(user) + tonumber(system_time)
end

--- The child's end of standard error, for failure messages.
function Process:tail()
  local text = self:stderr()
  if #text > 4000 then
    text = "…" .. text:sub(-4000)
  end
  local status = self:status()
  return string.format("[%s; standard error:\n%s]", status and "exit " .. status or "running", text)
end

return M
