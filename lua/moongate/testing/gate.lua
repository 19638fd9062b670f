--- moongate.testing.gate - policies in memory, asked as a server and as a browser would.

local coverage = require "moongate.testing.coverage"
local engine = require "moongate.engine"
local place = require "moongate.testing.place"
local request = require "moongate.testing.request"
local result = require "moongate.testing.result"
local watched = require "moongate.testing.watched"

local M = {}

---@class moongate.testing.Options
---@field policies? string|string[] policy files and folders, beside the spec
---@field text? string one policy as text, in place of `policies`
---@field name? string what that text is called in messages; default the spec and its line
---@field plugins? string|string[] folders of plugins, beside the spec
---@field upstream? boolean|fun(req: moongate.testing.UpstreamRequest): moongate.testing.Answer
---@field clock? number seconds since 1970; default 2026-01-01
---@field config? { public_origin?: string|string[], trusted_proxy?: string|string[],
---  limits?: table<string, integer> } as the server's configuration has it

---@class moongate.testing.Fault
---@field severity "error"|"warning"|"note"
---@field code string
---@field file string
---@field line integer
---@field where string
---@field message string
---@field hint string
---@field text string all of it, as `moongate check` prints it

---@class moongate.testing.UpstreamRequest
---@field method string
---@field target string
---@field path string
---@field query string
---@field host string
---@field scheme string
---@field remote_addr string
---@field fields { [1]: string, [2]: string }[]
---@field body string

---@class moongate.testing.Answer
---@field status? integer default 200
---@field fields? table<string, string>|{ [1]: string, [2]: string }[]
---@field body? string

---@class moongate.testing.Gate
local Gate = {}
Gate.__index = Gate

---@class moongate.testing.Browser
local Browser = {}
Browser.__index = Browser

local function list_of(value)
  if value == nil then
    return {}
  end
  return type(value) == "table" and value or { value }
end

local known = {
  policies = true, text = true, name = true, plugins = true, upstream = true, clock = true,
  config = true,
}
local known_config = { public_origin = true, trusted_proxy = true, limits = true }

local function check_names(what, given, names)
  for name in pairs(given) do
    if not names[name] then
      local list = {}
      for each in pairs(names) do
        list[#list + 1] = each
      end
      table.sort(list)
      error(what .. " has no '" .. tostring(name) .. "' (there are " .. table.concat(list, ", ")
        .. ")", 0)
    end
  end
end

local function found_beside(paths, folder)
  local found = {}
  for i, path in ipairs(list_of(paths)) do
    found[i] = place.beside(path, folder)
  end
  return found
end

-- The table that the engine reads.
local function options_of(what)
  if type(what) == "string" then
    what = { policies = what }
  elseif type(what) ~= "table" then
    error("testing.load takes a path or a table, not a " .. type(what), 0)
  end
  check_names("testing.load", what, known)
  local config = what.config or {}
  check_names("config", config, known_config)
  local folder = place.folder()
  local options = {
    paths = found_beside(what.policies, folder),
    plugins = found_beside(what.plugins, folder),
    text = what.text,
    upstream = what.upstream ~= nil and what.upstream ~= false,
    public_origins = list_of(config.public_origin),
    trusted_proxies = list_of(config.trusted_proxy),
    limits = config.limits,
  }
  if what.text then
    local file, line = place.caller()
    options.name = what.name or (file or "policy") .. "@" .. (line or 0)
  elseif #options.paths == 0 then
    error("testing.load has nothing to load: give a path, or { text = [[…]] }", 0)
  end
  watched.loaded(options.paths, options.plugins)
  return options, what
end

local function list_faults(faults)
  local lines = {}
  for _, fault in ipairs(faults) do
    if fault.severity == "error" then
      lines[#lines + 1] = "  " .. fault.text
    end
  end
  return "the policies have faults:\n" .. table.concat(lines, "\n")
end

-- Calls f; a text that it raises gets the line of the spec.
function M.at_caller(f, ...)
  local packed = table.pack(pcall(f, ...))
  if not packed[1] then
    local raised = packed[2]
    local file, line = place.caller()
    if type(raised) == "string" and file then
      raised = file .. ":" .. line .. ": " .. raised
    end
    error(raised, 0)
  end
  return table.unpack(packed, 2, packed.n)
end

-- Tells the coverage, if any is wanted, what there is to cover.
local function know(handle)
  local running = debug.getregistry()["moongate.options"]
  if running and running.coverage then
    coverage.know(handle)
  end
end

local function load(what)
  local options, given = options_of(what)
  local handle, faults = engine.load(options)
  if not handle then
    error(list_faults(faults), 0)
  end
  know(handle)
  local self = setmetatable({ handle = handle, faults = faults, plugins = options.plugins }, Gate)
  if given.clock then
    self:clock(given.clock)
  end
  if type(given.upstream) == "function" then
    self:upstream(given.upstream)
  end
  self.own_browser = self:browser()
  return self
end

function M.load(what)
  return M.at_caller(load, what)
end

function M.faults(what)
  return M.at_caller(function()
    local _, faults = engine.load((options_of(what)))
    return faults
  end)
end

--- Sends a preflight, as a browser asks for what a page wants to do.
--
--     gate:preflight("PUT /orders/7", { origin = "https://app.example",
--       headers = { "content-type" } })
---@param line string|table "METHOD /path" that the page wants, or a table with method and path
---@param options? { origin: string, headers?: string|string[], host?: string, remote?: string,
---  fields?: table }
---@return moongate.testing.Result
function Gate:preflight(line, options)
  return M.at_caller(function()
    local asked = request.preflight(line, options)
    return result.new(self.handle:ask(request.bytes(asked), asked.remote), asked)
  end)
end

--- Sends a request as it stands. What the policy did with it is in the result.
--
--     gate:request("GET /orders/7", { origin = "https://app.example" })
---@param line string|table "METHOD /path", or a table with method and path
---@param options? { origin?: string, headers?: table, body?: string, host?: string,
---  remote?: string }
---@return moongate.testing.Result
function Gate:request(line, options)
  return M.at_caller(function()
    local asked = request.actual(line, options)
    return result.new(self.handle:ask(request.bytes(asked), asked.remote), asked)
  end)
end

--- Does what a browser does with a page's fetch: preflight, its cache, redirects, checks. Each
-- call is a browser of its own, which has nothing in its cache: gate:browser() keeps it.
--
--     gate:fetch{ from = "https://app.example", url = "/orders/7", method = "PUT" }
---@param spec moongate.testing.FetchSpec
---@return moongate.testing.Fetch
function Gate:fetch(spec)
  return M.at_caller(function()
    local handle = engine.browser(spec.browser)
    return result.new_fetch(self.handle:fetch(request.fetch(spec), handle), spec)
  end)
end

--- A browser that remembers preflights from one fetch to the next, by the gate's clock.
---@param options? { name?: "standard"|"chromium"|"firefox"|"webkit", from?: string }
---@return moongate.testing.Browser
function Gate:browser(options)
  return M.at_caller(function()
    options = options or {}
    return setmetatable({ gate = self, from = options.from, handle = engine.browser(options.name) },
      Browser)
  end)
end

---@param spec moongate.testing.FetchSpec
---@return moongate.testing.Fetch
function Browser:fetch(spec)
  return M.at_caller(function()
    local asked = request.fetch(spec, self.from)
    return result.new_fetch(self.gate.handle:fetch(asked, self.handle), asked)
  end)
end

--- Has a function answer in place of all upstreams; nil: an empty 200 does.
---@param answer? fun(req: moongate.testing.UpstreamRequest): moongate.testing.Answer
function Gate:upstream(answer)
  return M.at_caller(function()
    self.handle:upstream(answer and function(req)
      local given = answer(request.upstream(req))
      if type(given) ~= "table" then
        error("the upstream's function gave a " .. type(given) .. ", not { status, fields, body }",
          0)
      end
      return { status = given.status, fields = request.field_list(given.fields),
        body = given.body }
    end)
    return self
  end)
end

--- Sets the time, or moves it on: gate:clock(1767225600), gate:clock("+30s"). Plugins' clocks,
-- the lives of entries in dictionaries and browsers' caches go by it; it stands still otherwise.
---@param time? number|string seconds since 1970, or "+30s", "+5m", "+2h"
---@return number seconds since 1970
function Gate:clock(time)
  return M.at_caller(function()
    if type(time) == "string" then
      local number, unit = time:match("^%+(%d+%.?%d*)([smhd]?)$")
      local factor = ({ [""] = 1, s = 1, m = 60, h = 3600, d = 86400 })[unit]
      if not number then
        error("'" .. time .. "' is no time: \"+30s\", \"+5m\", or seconds since 1970", 0)
      end
      time = self.handle:clock() + tonumber(number) * factor
    end
    return self.handle:clock(time)
  end)
end

--- Loads other policies into the same gate, as a running server swaps them: dictionaries of
-- plugins stay. A fault raises, and the policies stay what they were.
---@param what string|moongate.testing.Options
function Gate:swap(what)
  return M.at_caller(function()
    local options = options_of(what)
    if #options.plugins == 0 then
      options.plugins = self.plugins
    end
    local swapped, faults = self.handle:swap(options)
    if not swapped then
      error(list_faults(faults), 0)
    end
    self.plugins = options.plugins
    know(self.handle)
    return self
  end)
end

--- What the policies declare, in the set's order.
---@return moongate.testing.Resource[]
function Gate:resources()
  return self.handle:resources()
end

return M
