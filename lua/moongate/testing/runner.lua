--- moongate.testing.runner - `moongate test`: its options, then busted's own runner.

local place = require "moongate.testing.place"

local M = {}

local OK, NEGATIVE, USAGE, ENVIRONMENT = 0, 1, 2, 4

-- --gc stress: the next cycle begins when one ends, and each is done within few allocations.
local GC_PAUSE, GC_SPEED = 100, 100

local HELP = [[
Usage: moongate test [PATH]... [OPTION]...
       moongate test --help-busted

Run the specs of policies and plugins with busted, on the engine that serves. PATH is a spec
or a folder; without one, *_spec.lua of the working directory and below spec/, policies/ and
plugins/, unless .busted says otherwise.

  --coverage[=FORMAT]    tell what no test has touched: text, json, lcov or html (text)
  --coverage-file FILE   write it there (text: standard output; else coverage.FORMAT)
  --threshold PERCENT    fail below so much of rules, hooks and matrix; implies --coverage
  --update-snapshots     write snapshots anew instead of comparing
  --watch                run again what a change touches, until interrupted
  --gc stress            collect garbage all the time, to find what it should not take
  --help                 this text

Of busted's own: --filter PATTERN, --tags TAGS, --shuffle, --seed N, --repeat N, --output FORMAT
(utfTerminal, plainTerminal, TAP, junit, json), --list, --no-keep-going, --verbose and the rest
of --help-busted.

Exit codes: 0 all passed, 1 a test failed or coverage is below the threshold, 2 usage,
4 busted is missing (Debian: lua-busted) or a file cannot be written.
]]

local function fail(code, format, ...)
  io.stderr:write("moongate test: ", string.format(format, ...), "\n")
  return code
end

local function usage(format, ...)
  fail(USAGE, format, ...)
  io.stderr:write("Try `moongate test --help`.\n")
  return USAGE
end

local formats = { text = true, json = true, lcov = true, html = true }

local readers = {}

-- Options with a value of their own.
function readers.threshold(options, value)
  options.threshold = tonumber(value)
  options.coverage = options.coverage or "text"
  local is_percent = options.threshold and options.threshold >= 0 and options.threshold <= 100
  return not is_percent and "--threshold is a number from 0 to 100, not '" .. value .. "'" or nil
end

function readers.gc(options, value)
  options.gc = value
  return value ~= "stress" and "--gc is stress, not '" .. value .. "'" or nil
end

-- Of a run that --watch has begun: the specs to run, and where to tell what they have loaded.
function readers.only(options, value)
  options.only = options.only or {}
  table.insert(options.only, value)
end

readers["tell-specs"] = function(options, value)
  options.tell_specs = value
end

readers["coverage-file"] = function(options, value)
  options.coverage_file = value
end

local switches = {}

function switches.coverage(options, value)
  options.coverage = value or "text"
  return not formats[options.coverage] and "--coverage is text, json, lcov or html, not '"
    .. options.coverage .. "'" or nil
end

switches["update-snapshots"] = function(options)
  options.update_snapshots = true
end

function switches.watch(options)
  options.watch = true
end

function switches.lua()
  return "--lua makes no sense here: the tests run in moongate itself"
end

-- Takes an option of ours off the arguments. Returns: whether it is one, and what is wrong.
local function take_option(options, argument, next_argument)
  local name, value = argument:match("^%-%-([%w-]+)=(.*)$")
  name = name or argument:match("^%-%-([%w-]+)$")
  if switches[name] then
    return true, switches[name](options, value)
  elseif not readers[name] then
    return false
  end
  value = value or next_argument()
  return true, value == nil and "--" .. name .. " needs a value" or readers[name](options, value)
end

-- Sorts our options from busted's. Returns: ours and busted's, or nil and what is wrong.
local function read_arguments(arguments)
  local options, rest, paths = {}, {}, {}
  local i = 0
  local function next_argument()
    i = i + 1
    return arguments[i]
  end
  local takes_value = { o = true, f = true, t = true, p = true, r = true, m = true, e = true,
    C = true, Xoutput = true, Xhelper = true }
  for _, name in ipairs({ "output", "config-file", "tags", "exclude-tags", "filter", "filter-out",
    "pattern", "exclude-pattern", "run", "repeat", "seed", "lang", "loaders", "helper", "lpath",
    "cpath", "directory" }) do
    takes_value[name] = true
  end
  for argument in next_argument do
    local is_ours, wrong = take_option(options, argument, next_argument)
    if wrong then
      return nil, wrong
    end
    if not is_ours and argument:sub(1, 1) ~= "-" then
      paths[#paths + 1] = argument
    elseif not is_ours then
      rest[#rest + 1] = argument
      if takes_value[argument:match("^%-%-?([%w-]+)$")] then
        rest[#rest + 1] = next_argument()
      end
    end
  end
  options.paths = options.only or paths
  return options, rest
end

-- Where specs are looked for when nobody says.
local function default_paths(lfs)
  local paths = {}
  for _, folder in ipairs({ "spec", "policies", "plugins" }) do
    if place.exists(folder) then
      paths[#paths + 1] = folder
    end
  end
  for name in lfs.dir(".") do
    if name:find("_spec%.lua$") then
      paths[#paths + 1] = name
    end
  end
  table.sort(paths)
  return paths
end

-- busted's command line says what is wrong by itself; which exit code that is, is ours to say.
local function note_usage_errors(state)
  local make = require "busted.modules.cli"
  package.loaded["busted.modules.cli"] = function(options)
    local cli = make(options)
    local parse = cli.parse
    function cli.parse(self, arguments)
      local parsed, err = parse(self, arguments)
      if not parsed then
        state.code = USAGE
      end
      return parsed, err
    end
    local set_name = cli.set_name
    function cli.set_name(self, _)
      return set_name(self, "moongate test")
    end
    return cli
  end
end

-- busted's runner ends by os.exit, which raises in this program (script/workbench.h); here it is
-- caught, since something may come after the tests.
local function run_busted(state)
  local ok, raised = xpcall(require "busted.runner", function(raised)
    return type(raised) == "userdata" and raised or debug.traceback(tostring(raised), 2)
  end, { standalone = false })
  local code = not ok and tostring(raised):match("^os%.exit%((%-?%d+)%) was called$")
  if not ok and not code then
    error(raised, 0)
  end
  state.exit = tonumber(code) or 0 -- it returns when all has passed
end

-- Tells the watching process which spec has loaded what.
local function tell_specs(fd)
  local out = io.open("/dev/fd/" .. fd, "w")
  if out then
    for spec, loaded in pairs(require("moongate.testing.watched").all()) do
      for path in pairs(loaded) do
        out:write(spec, "\t", path, "\n")
      end
    end
    out:close()
  end
end

local function finish(state, options)
  if options.tell_specs then
    tell_specs(options.tell_specs)
  end
  if state.code then
    return state.code
  end
  local code = state.exit == 0 and OK or NEGATIVE
  if options.coverage then
    local passed, err = require("moongate.testing.coverage").report(options)
    if err then
      return fail(ENVIRONMENT, "%s", err)
    elseif not passed then
      code = NEGATIVE
    end
  end
  return code
end

local function find_busted()
  local found, why = pcall(require, "busted.runner")
  if found then
    return true
  end
  if not tostring(why):find("module 'busted.runner' not found", 1, true) then
    return false, tostring(why)
  end
  return false, "busted is not installed, or not for Lua 5.4 (Debian: apt-get install lua-busted)"
end

-- What busted is given. Returns: nil when there is nothing to run.
local function busted_arguments(options, rest)
  for i, argument in ipairs(rest) do
    rest[i] = argument == "--help-busted" and "--help" or argument
  end
  local paths = options.paths
  if #paths == 0 and not place.exists(".busted") then
    paths = default_paths(require "lfs")
    if #paths == 0 then
      return nil
    end
  end
  table.move(paths, 1, #paths, #rest + 1, rest)
  rest[0] = "moongate test"
  return rest
end

local function run(options, rest)
  local found, why = find_busted()
  if not found then
    return fail(ENVIRONMENT, "%s", why)
  end
  _G.arg = busted_arguments(options, rest)
  if not _G.arg then
    return usage("there are no specs here: *_spec.lua, or below spec/, policies/ or plugins/")
  end
  if options.gc then
    collectgarbage("incremental", GC_PAUSE, GC_SPEED)
  end
  debug.getregistry()["moongate.options"] = options
  local state = {}
  note_usage_errors(state)
  run_busted(state)
  return finish(state, options)
end

local function watch(arguments)
  local left = {}
  for _, argument in ipairs(arguments) do
    if argument ~= "--watch" then
      left[#left + 1] = argument
    end
  end
  local found, why = find_busted()
  if not found then
    return fail(ENVIRONMENT, "%s", why)
  end
  return require("moongate.testing.watch").main(left)
end

function M.main(...)
  local arguments = { ... }
  for _, argument in ipairs(arguments) do
    if argument == "--help" or argument == "-h" then
      io.write(HELP)
      return OK
    end
  end
  local options, rest = read_arguments(arguments)
  if not options then
    return usage("%s", rest)
  end
  if options.watch then
    return watch(arguments)
  end
  return run(options, rest)
end

return M
