--- Which names the program under test knows, as it says itself.
--
-- A name that a script may write stands somewhere in the sources as a string. Each such string is
-- tried at each place where a name can stand: the program accepts it there, or refuses it. So no
-- list is kept here, and a name that is new is found by itself.

local lfs = require("lfs")
local wire = require("tests.wire.support")
local process = wire.process

local M = {}

-- No name of anything: a question that accepts it accepts everything.
local NOBODY = "nosuchname"

-- ---- what is tried ----

local function each_source(folders, visit)
  for _, folder in ipairs(folders) do
    for file in lfs.dir(folder) do
      if file:find("%.[ch]$") then
        visit(assert(process.read_file(folder .. "/" .. file)))
      end
    end
  end
end

local function sorted(set)
  local list = {}
  for name in pairs(set) do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

-- The strings of the sources that match `pattern` whole, and the names of Lua's own library.
local function candidates(pattern)
  local set = { [NOBODY] = true }
  local function add(name)
    if type(name) == "string" and name:find("^" .. pattern .. "$") then
      set[name] = true
    end
  end
  each_source({ "src/policy", "src/plugin", "src/script" }, function(text)
    for name in text:gmatch('"(' .. pattern .. ')"') do
      set[name] = true
    end
  end)
  for name, value in pairs(_G) do
    add(name)
    for member in pairs(type(value) == "table" and name ~= "_G" and value or {}) do
      add(member)
    end
  end
  return sorted(set)
end

local NAMES, WORDS
local function names()
  NAMES = NAMES or candidates("[%a_][%w_]*")
  return NAMES
end
local function words()
  WORDS = WORDS or candidates("%l[%l%d-]*")
  return WORDS
end

-- A list of names as Lua text.
local function quoted(list)
  return '{ "' .. table.concat(list, '", "') .. '" }'
end

--- The codes of faults that are told at start by these folders of src/.
function M.start_codes()
  local codes = {}
  each_source({ "src/cli", "src/net", "src/server" }, function(text)
    for code in text:gmatch('mg_errs_fail%(%s*[%w_>.-]+,%s*"([%l-]+)"') do
      codes[code] = true
    end
    for code in text:gmatch('struct mg_err [%w_]+ = {[^;]-%.code = "([%l-]+)"') do
      codes[code] = true
    end
  end)
  return sorted(codes)
end

-- ---- check: what is no fault ----

-- Loads the policy, with plugins by name, and returns all faults.
local function faults(policy, plugins)
  local dir = process.make_dir()
  for name, text in pairs(plugins or {}) do
    assert(lfs.mkdir(dir .. "/" .. name))
    process.write_file(dir .. "/" .. name .. "/plugin.lua", text)
  end
  local _, out, err = wire.run({ "check", "POLICY", "--json", "--plugins", dir },
    { policy = policy })
  process.remove_dir(dir)
  assert(out ~= "", err)
  local list = wire.decode(out).diagnostics
  assert(#list < 1000, "more faults than are told")
  return list
end

-- The names of `list` that are not refused: a refusal is a fault of `code` whose message is
-- `refusal`, a pattern that captures the name, or all of whose `where` ends by it.
local function accepted(list, found, code, refusal)
  local refused, left = {}, {}
  for _, fault in ipairs(found) do
    local name = fault.code == code and fault.message:match("^" .. refusal .. "$")
    if name then
      refused[name == fault.message and fault.where:match("[%w_]+$") or name] = true
    end
  end
  assert(refused[NOBODY], "nothing is refused with " .. code .. ": the question has a fault")
  for _, name in ipairs(list) do
    if not refused[name] then
      left[#left + 1] = name
    end
  end
  return left
end

-- A table with each name as a field, in a policy or a plugin.
local function all_fields(value)
  return "local all = {}\nfor _, name in ipairs(" .. quoted(names()) .. ") do all[name] = " .. value
    .. " end\n"
end

local NO_FIELD = "there is no field '([%w_]+)'"
local POLICY_TABLES = {
  resource = 'resource "/a" (all)',
  default = "default(all)",
  cors = 'resource "/a" { cors = all }',
  respond = "respond(all)",
  upstream = 'all[1] = "http://127.0.0.1:1"; upstream "u" (all)',
}

--- The fields of a table that a policy gives: resource, default, cors, respond, upstream.
function M.policy_fields(which)
  local policy = all_fields("false") .. POLICY_TABLES[which]
  return accepted(names(), faults(policy), "field-unknown", NO_FIELD)
end

--- The fields of `plugin "NAME" { … }` that are no settings of the plugin.
function M.use_fields()
  local plugin = "return { name = 'p', version = '1', api = 1, request = function() end }"
  return accepted(names(), faults(all_fields("{ }") .. 'plugin "p" (all)', { p = plugin }),
    "config-unknown", "there is no setting '([%w_]+)'")
end

local NO_WORD = "cannot be '([%w-]+)'"
local WORD_FIELDS = {
  handler = { "handler-unknown", "there is no handler '([%w-]+)'",
    "resource '/%d' { handler = %q }" },
  on_denied = { "value-unknown", NO_WORD, "resource '/%d' { cors = { on_denied = %q } }" },
  options = { "value-unknown", NO_WORD, "resource '/%d' { options = %q }" },
  balance = { "value-unknown", NO_WORD,
    "upstream 'u%d' { 'http://127.0.0.1:1', balance = %q }" },
  keeps = { "value-unknown", NO_WORD, "upstream 'u%d' { 'http://127.0.0.1:1', cors = %q }" },
}

--- The words that a field of a policy may be: handler, on_denied, options; balance and cors
-- ("keeps") of upstreams.
function M.words(which)
  local code, refusal, declaration = table.unpack(WORD_FIELDS[which])
  local policy = {}
  for i, word in ipairs(words()) do
    policy[i] = declaration:format(i, word)
  end
  policy = table.concat(policy, "\n")
  return accepted(words(), faults(policy), code, refusal)
end

-- ---- check: manifests ----

local function manifest_faults(text)
  return faults('plugin "p" { }', { p = text })
end

local MANIFEST_TABLES = {
  manifest = { "plugin-field", "return all" },
  budget = { "plugin-field", "return { budget = all }" },
  schema = { "plugin-schema", "all.type = 'string'; return { config = { x = all } }" },
}

--- The fields of a table of a manifest: manifest, budget, schema (of one setting).
function M.manifest_fields(which)
  local code, text = table.unpack(MANIFEST_TABLES[which])
  return accepted(names(), manifest_faults(all_fields("false") .. text), code,
    "there is no such field")
end

--- The types of a setting.
function M.schema_types()
  local text = [[
local config = {}
for i, name in ipairs(%s) do
  local part = "part" .. i // 50
  config[part] = config[part] or { type = "table", fields = {} }
  config[part].fields["t" .. i] = { type = name }
end
return { config = config }]]
  return accepted(names(), manifest_faults(text:format(quoted(names()))), "plugin-schema",
    "there is no type '([%w_]+)'")
end

--- The capabilities a manifest may name.
function M.capabilities()
  local plugins, uses = {}, {}
  for i, name in ipairs(names()) do
    local plugin = "p" .. i // 20
    plugins[plugin] = (plugins[plugin] or "") .. ("%q, "):format(name)
    uses[plugin] = ("plugin %q { }"):format(plugin)
  end
  for plugin, list in pairs(plugins) do
    plugins[plugin] = "return { capabilities = { " .. list .. "} }"
  end
  local policy = {}
  for _, use in pairs(uses) do
    policy[#policy + 1] = use
  end
  return accepted(names(), faults(table.concat(policy, "\n"), plugins), "plugin-capability",
    "'([%w_]+)' is no capability")
end

-- ---- explain: what scripts can reach while they run ----

-- What `ask` logs: each name that `get` gives something for, functions with "()" behind.
local ASK = [[
local NAMES = %s
local function ask(what, get)
  local found = {}
  for _, name in ipairs(NAMES) do
    local ok, value = pcall(get, name)
    if ok then found[#found + 1] = type(value) == "function" and name .. "()" or name end
  end
  log("FOUND " .. what .. ": " .. table.concat(found, " "))
end
local function ask_library(what)
  ask(what, function(name)
    local value = _ENV[name]
    if type(value) == "table" then
      local members = {}
      for member, of in pairs(value) do
        members[#members + 1] = type(of) == "function" and member .. "()" or member
      end
      log("FOUND " .. name .. ": " .. table.concat(members, " "))
    elseif type(value) ~= "function" then
      return value.nothing
    end
    return value
  end)
end
]]

-- A field or option is known when what is said of its value is anything else than that.
local ASK_OPTIONS = [[
local function ask_options(what, call, refusal)
  ask(what, function(name)
    local ok, message = pcall(call, { [name] = ask })
    if not ok and tostring(message):find(refusal, 1, true) then error("unknown") end
  end)
end
]]

local POLICY = [[
ask_library("policy globals")
plugin "asker" { }
resource "/" {
  cors = { origins = { "https://app.example" } },
  handler = plugin "asker",
  simple = function(req)
    ask_options("allow", allow, "there is no field")
  end,
}
]]

local PLUGIN = [[
return {
  name = "asker", version = "1", api = 1,
  capabilities = { "log", "clock", "respond", "widen", "dict:hits:64KB" },
  load = function()
    ask_library("plugin globals")
    ask("log", function(name) return log[name] or error("unknown") end)
    ask("clock", function(name) return clock[name] or error("unknown") end)
    local hits = dict "hits"
    ask("dict", function(name) return hits[name] or error("unknown") end)
    ask_options("dict set options", function(options) hits:set("k", 1, options) end, "no option")
    ask_options("dict incr options", function(options) hits:incr("k", 1, options) end, "no option")
  end,
  decision = function(req, d)
    ask("d", function(name) return d[name] end)
  end,
  handler = function(req)
    ask("req", function(name) return req[name] end)
    return { status = 200 }
  end,
  response = function(req, res)
    ask("res", function(name) return res[name] end)
  end,
  log = function(record)
    ask("record", function(name) return record[name] end)
  end,
}
]]

local answers
local function run()
  local dir = process.make_dir()
  local asking = ASK:format(quoted(names())) .. ASK_OPTIONS
  assert(lfs.mkdir(dir .. "/asker"))
  process.write_file(dir .. "/asker/plugin.lua", asking .. PLUGIN)
  local status, out, err = wire.run({ "explain", "--policy", "POLICY", "--plugins", dir, "--from",
    "https://app.example", "https://api.example/" }, { policy = asking .. POLICY })
  process.remove_dir(dir)
  assert(status == 0, out .. err)
  answers = {}
  for what, list in err:gmatch('FOUND ([%w ]+): ([^"\n]*)"') do
    local found = {}
    for name in list:gmatch("%S+") do
      assert(name ~= NOBODY, what .. " accepts every name")
      found[#found + 1] = name
    end
    answers[what] = found
  end
end

--- What a running script finds, functions with "()" behind: "policy globals" and "plugin globals",
-- the name of each library, "req", "d", "res", "record", "log", "clock", "dict", "allow",
-- "dict set options", "dict incr options".
function M.found(what)
  if not answers then
    run()
  end
  local list = assert(answers[what], "the scripts have not told of " .. what)
  assert(#list > 0, "the scripts have found nothing in " .. what)
  return list
end

-- ---- help ----

--- The flags that `COMMAND --help` lists, and the names of limits.
function M.help(command)
  local status, out = wire.run({ command, "--help" })
  assert(status == 0)
  local flags, limits = {}, {}
  for flag in out:gmatch("\n +%-%-([%l%d-]+)") do
    flags[#flags + 1] = flag
  end
  local bounds = out:match("\nLimits and their defaults[^\n]*(\n.-)\n\n") or ""
  for limit in bounds:gmatch("\n +(%S+)") do
    limits[#limits + 1] = limit
  end
  return flags, limits
end

return M
