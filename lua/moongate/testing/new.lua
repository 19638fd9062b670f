--- moongate.testing.new - `moongate new`: a commented start with its spec. NAME stands for the name
-- in what is written.

local place = require "moongate.testing.place"

local M = {}

local OK, USAGE, ENVIRONMENT = 0, 2, 4

local HELP = [[
Usage: moongate new policy NAME
       moongate new plugin NAME

Write a start with its spec: NAME.lua and NAME_spec.lua for a policy, a folder NAME with
plugin.lua, README.md and NAME_spec.lua for a plugin. NAME may have a folder before it, which is
there already: policies/orders. Nothing that exists is written over.

Exit codes: 0 written, 2 usage, 4 a file is there already or cannot be written.
]]

local POLICY = [[
-- NAME.lua: who may use /NAME/ from other origins.
--
--   moongate check NAME.lua    every fault with its line
--   moongate test              the spec beside it

-- Each of these can act as the user who is logged in, so they are a list and never "*".
local pages = {
  "https://app.example.com",
}

resource "/NAME/{id}" {
  methods = { "GET", "PUT", "DELETE" }, -- what the resource supports: Allow, 405
  cors = {
    origins     = pages,
    methods     = { "GET", "PUT" }, -- DELETE is for our own pages
    headers     = { "Content-Type" },
    expose      = { "ETag" }, -- what scripts may read beyond the basics
    credentials = true,
    max_age     = 600, -- seconds that a browser may remember a preflight
  },
  handler = "echo",
}
]]

local POLICY_SPEC = [[
--- NAME: what its pages may do, and strangers may not.

local testing = require "moongate.testing"

describe("NAME", function()
  local gate = testing.load "NAME.lua"
  local APP, STRANGER = "https://app.example.com", "https://stranger.example"

  testing.matrix(gate, {
    { "PUT /NAME/7", from = APP, headers = "content-type", "readable" },
    { "GET /NAME/7", from = APP, credentials = "include", "readable" },
    { "DELETE /NAME/7", from = APP, "blocked: method-denied" },
    { "PUT /NAME/7", from = APP, headers = "x-debug", "blocked: header-denied" },
    { "GET /NAME/7", from = STRANGER, "denied: origin-denied" },
    { "PUT /NAME/7", from = STRANGER, "denied: origin-denied" },
    { "GET /NAME/7", from = "null", "denied: origin-null-denied" },
    { "GET /NAME/7", "status: 200" },
    { "POST /NAME/7", from = APP, "status: 405" },
  })

  it("lets scripts read ETag", function()
    assert.exposes(gate:request("GET /NAME/7", { origin = APP }), { "ETag" })
  end)

  testing.property("lets no stranger in", { testing.gen.origin { APP } }, function(origin)
    local answer = gate:request("GET /NAME/7", { origin = origin })
    return (answer.decision == "allow") == (origin == APP)
  end)
end)
]]

local PLUGIN = [[
-- NAME: refuses requests of clients that are on a list.
--
--   plugin "NAME" { clients = { "192.0.2.7" } }

local blocked = {}

return {
  name = "NAME",
  version = "0.1.0",
  api = 1,
  capabilities = { "respond" }, -- what it may do; nothing else can be reached
  config = {
    clients = { type = "list", of = { type = "string" }, default = {},
      description = "addresses that are refused" },
  },

  -- Once, when the policies are loaded.
  load = function(config)
    for _, address in ipairs(config.clients) do
      blocked[address] = true
    end
  end,

  -- For each actual request, never for preflights: an answer ends it.
  request = function(req)
    if blocked[req.remote_addr] then
      return { status = 403, fields = { ["Content-Type"] = "text/plain" }, body = "refused\n" }
    end
  end,
}
]]

local PLUGIN_README = [[
# NAME

Refuses requests of clients that are on a list, with 403.

```lua
plugin "NAME" { clients = { "192.0.2.7" } }
```

| setting | type | default | meaning |
| --- | --- | --- | --- |
| `clients` | list of strings | none | addresses that are refused |
]]

local PLUGIN_SPEC = [[
--- NAME: who is refused, and that pages can read why.

local testing = require "moongate.testing"

describe("NAME", function()
  local gate = testing.load { plugins = "..", text = [=[
plugin "NAME" { clients = { "192.0.2.7" } }
resource "/a" { cors = { origins = { "https://app.example" }, methods = { "PUT" } },
  handler = respond { status = 200, body = "ok" } }
]=] }

  local function ask(remote)
    return gate:request("PUT /a", { origin = "https://app.example", remote = remote })
  end

  it("refuses clients on the list, which a page can read", function()
    assert.has_status(ask("192.0.2.7"), 403)
    assert.has_field(ask("192.0.2.7"), "Access-Control-Allow-Origin", "https://app.example")
  end)

  it("lets all others through", function()
    assert.has_status(ask("192.0.2.8"), 200)
  end)

  it("leaves preflights alone", function()
    assert.allowed(gate:preflight("PUT /a", { origin = "https://app.example" }))
  end)
end)
]]

local function fail(code, format, ...)
  io.stderr:write("moongate new: ", string.format(format, ...), "\n")
  if code == USAGE then
    io.stderr:write("Try `moongate new --help`.\n")
  end
  return code
end

-- What is written of each kind: { path, text } with NAME and FOLDER.
local kinds = {
  policy = { { "FOLDER/NAME.lua", POLICY }, { "FOLDER/NAME_spec.lua", POLICY_SPEC } },
  plugin = { { "FOLDER/NAME/plugin.lua", PLUGIN }, { "FOLDER/NAME/README.md", PLUGIN_README },
    { "FOLDER/NAME/NAME_spec.lua", PLUGIN_SPEC } },
}

local function write(path, text)
  local file, why = io.open(path, "wb")
  if not file then
    return why
  end
  file:write(text)
  file:close()
  return nil
end

local function make_folder(path)
  local has_lfs, lfs = pcall(require, "lfs")
  if not has_lfs then
    return nil, "make it by hand, or install Debian's lua-filesystem"
  end
  return lfs.mkdir(path)
end

local function write_all(kind, folder, name)
  local files = {}
  for i, file in ipairs(kinds[kind]) do
    local path = file[1]:gsub("FOLDER", (folder:gsub("%%", "%%%%"))):gsub("NAME", name)
    files[i] = { place.normal(path), (file[2]:gsub("NAME", name)) }
    if place.exists(files[i][1]) then
      return fail(ENVIRONMENT, "%s is there already", files[i][1])
    end
  end
  local own = kind == "plugin" and place.normal(folder .. "/" .. name)
  if own and not place.exists(own) then
    local made, why = make_folder(own)
    if not made then
      return fail(ENVIRONMENT, "cannot make the folder %s: %s", own, why)
    end
  end
  for _, file in ipairs(files) do
    local why = write(file[1], file[2])
    if why then
      return fail(ENVIRONMENT, "%s", why)
    end
    io.write(file[1], "\n")
  end
  return OK
end

function M.main(kind, path, ...)
  if kind == "--help" or kind == "-h" then
    io.write(HELP)
    return OK
  end
  if not kinds[kind] then
    return fail(USAGE, kind and "there is nothing new called '%s': policy or plugin"
      or "what is to be written? A policy or a plugin", kind)
  elseif not path or select("#", ...) > 0 then
    return fail(USAGE, "a %s has one name", kind)
  end
  local folder, name = path:match("^(.*)/([^/]+)$")
  folder, name = folder or ".", name or path
  if not name:find("^%l[%l%d-]*$") then
    return fail(USAGE, "'%s' is no name: lower-case letters, digits and hyphens, a letter first",
      name)
  elseif not place.exists(folder) then
    return fail(ENVIRONMENT, "there is no folder %s", folder)
  end
  return write_all(kind, folder, name)
end

return M
