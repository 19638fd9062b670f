--- `moongate diff`: whole outputs as they are printed, the members of its JSON, exit codes.
--
-- The outputs are kept in tests/spec/diff/NAME.txt, without the folder of the policies;
-- GOLDEN=write in the environment writes them anew.

local wire = require("tests.wire.support")
local process = wire.process

local OLD = [[
local partners = { "https://app.example.com" }
resource "/orders/{id}" {
  methods = { "GET", "PUT", "DELETE" },
  cors = {
    origins = partners,
    methods = { "GET" },
    headers = { "Authorization" },
    credentials = true,
    max_age = 60,
  },
}
resource "/public/" { methods = { "GET" }, cors = { origins = "*" } }
resource "/session" { methods = { "GET", "POST" },
  cors = { origins = partners, on_denied = "reject", credentials = true } }
resource "/old" { methods = { "GET" } }
]]

-- The same rule for /public/ in two patterns, in another order; the rest is changed.
local NEW = [[
local partners = { "https://*.partner.example", "https://app.example.com" }
resource "/public/{rest...}" { methods = { "GET" }, cors = { origins = "*" } }
resource "/public/{$}" { methods = { "GET" }, cors = { origins = "*" } }
resource "/orders/{id}" {
  methods = { "DELETE", "PUT", "GET" },
  cors = {
    origins = partners,
    methods = { "PUT", "GET" },
    headers = { "authorization", "Content-Type" },
    credentials = true,
    max_age = 600,
  },
}
resource "/orders/export" { methods = { "GET" },
  cors = { origins = { "https://app.example.com" } } }
resource "/session" { methods = { "GET", "POST" },
  cors = { origins = { "https://app.example.com" }, credentials = true } }
resource "/tenants/{tenant}" { methods = { "GET" },
  cors = { origins = function(req) return { "https://a.example" } end } }
]]

local NARROWED = OLD:gsub('resource "/old" [^\n]*\n', "")
local BROKEN = 'resource "/a" { cors = { origins = { "https://app.example.com/" } } }'
local GUARD = [[return { name = "guard", version = "1", api = 1, decision = function(req, d) end }]]

-- Runs diff; names among the arguments stand for the files below. Returns the status, standard
-- output and standard error, with the temporary folder taken out.
local function diff(...)
  local dir = process.make_dir()
  local files = {
    ["old.lua"] = OLD, ["new.lua"] = NEW, ["narrowed.lua"] = NARROWED, ["broken.lua"] = BROKEN,
    ["guarded.lua"] = 'resource "/a" { }\nplugin "guard" { }', ["plain.lua"] = 'resource "/a" { }',
    ["set/api.lua"] = OLD, ["set/more.lua"] = 'resource "/more" { }',
    ["plugins/guard/plugin.lua"] = GUARD,
  }
  for _, folder in ipairs { "set", "plugins", "plugins/guard" } do
    assert(require("lfs").mkdir(dir .. "/" .. folder))
  end
  for name, text in pairs(files) do
    process.write_file(dir .. "/" .. name, text)
  end
  local argv = { "diff" }
  for _, argument in ipairs { ... } do
    local is_file = files[argument] or argument == "set" or argument == "plugins"
    argv[#argv + 1] = is_file and dir .. "/" .. argument or argument
  end
  local status, out, err = wire.run(argv)
  process.remove_dir(dir)
  local function clean(text)
    return (text:gsub("/[%w/]+/moongate%-wire%.%w+/", ""))
  end
  return status, clean(out), clean(err)
end

local GOLDEN = {
  { name = "changes", status = 0, "old.lua", "new.lua" },
  { name = "changes-json", status = 0, "--json", "old.lua", "new.lua" },
  { name = "back", status = 0, "new.lua", "old.lua" },
  { name = "same", status = 0, "old.lua", "old.lua" },
  { name = "same-json", status = 0, "old.lua", "old.lua", "--json" },
  { name = "directory", status = 0, "old.lua", "set" },
  { name = "plugin", status = 0, "--plugins", "plugins", "guarded.lua", "plain.lua" },
  { name = "broken-json", status = 3, "--json", "old.lua", "broken.lua" },
  { name = "help", status = 0, "--help" },
}

describe("diff prints", function()
  for _, case in ipairs(GOLDEN) do
    it(case.name, function()
      local path = "tests/spec/diff/" .. case.name .. ".txt"
      local status, out, err = diff(table.unpack(case))
      assert.equals("", err)
      assert.equals(case.status, status)
      if os.getenv("GOLDEN") == "write" then
        process.write_file(path, out)
      end
      assert.equals(process.read_file(path), out)
    end)
  end
end)

describe("docs/diff.md", function()
  local page = process.read_file("docs/diff.md")

  it("shows what is printed", function()
    assert.matches("$ moongate diff old.lua new.lua\n"
      .. process.read_file("tests/spec/diff/changes.txt"), page, 1, true)
  end)

  it("names every member of the JSON, every kind and every effect", function()
    local function expect_named(object)
      for name in pairs(object) do
        assert.matches("`" .. name .. "`", page, 1, true)
      end
    end
    local document = wire.decode(process.read_file("tests/spec/diff/changes-json.txt"))
    expect_named(document)
    expect_named(document.old)
    for _, change in ipairs(document.changes) do
      expect_named(change)
      expect_named { [change.kind] = true, [change.effect] = true }
    end
    local words = 0
    for word in process.read_file("src/policy/diff.h"):gmatch('X%([A-Z_]+, "([%l-]+)"%)') do
      expect_named { [word] = true }
      words = words + 1
    end
    assert.is_true(words > 10)
  end)
end)

describe("diff fails", function()
  it("with 1 where something widens and nothing may", function()
    local status, out, err = diff("--no-widening", "old.lua", "new.lua")
    assert.equals(1, status)
    assert.matches("gains PUT /orders/{id} with credentials", out, 1, true)
    assert.equals("moongate diff: it widens access\n", err)
  end)

  it("with 1 where something may widen", function()
    local status, out = diff("--no-widening", "--plugins", "plugins", "guarded.lua", "plain.lua")
    assert.equals(1, status)
    assert.matches("cannot be compared", out, 1, true)
  end)

  it("not where nothing widens", function()
    local status, out, err = diff("--no-widening", "old.lua", "narrowed.lua")
    assert.equals(0, status)
    assert.matches("/old is gone", out, 1, true)
    assert.equals("", err)
  end)

  it("with 1 in JSON too", function()
    local status, out = diff("--no-widening", "--json", "old.lua", "new.lua")
    local document = wire.decode(out)
    assert.equals(1, status)
    assert.is_false(document.ok)
    assert.is_true(document.widens)
  end)

  it("with 3 where a set is invalid, with its faults", function()
    for _, pair in ipairs { { "old.lua", "broken.lua" }, { "broken.lua", "old.lua" } } do
      local status, out, err = diff(table.unpack(pair))
      assert.equals(3, status)
      assert.equals("", out)
      assert.matches("^broken.lua:1: error: /a cors.origins%[1%]: .*origin%-trailing%-slash", err)
    end
  end)

  it("with 3 where a set is not there", function()
    local status, out, err = diff("old.lua", "nowhere.lua")
    assert.equals(3, status)
    assert.equals("", out)
    assert.matches("nowhere.lua", err, 1, true)
  end)

  it("with 2 where there are not two sets", function()
    for _, arguments in ipairs { {}, { "old.lua" }, { "old.lua", "new.lua", "set" },
      { "--nothing", "old.lua", "new.lua" } } do
      local status, out, err = diff(table.unpack(arguments))
      assert.equals(2, status)
      assert.equals("", out)
      assert.matches("Try `moongate diff %-%-help`", err)
    end
  end)
end)
