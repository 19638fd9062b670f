--- The reference names all that the program knows, and nothing else: documents, annotations for
-- editors, and luacheck's rules, held against what the program itself says (support/product.lua).

local product = require("tests.spec.support.product")
local reference = require("tests.spec.support.reference")

local LIBRARIES = { "string", "table", "math", "utf8" }
local POLICIES, PLUGINS = "docs/policies.md", "docs/plugins.md"

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    set[(name:gsub("%(%)$", ""))] = true
  end
  return set
end

-- The names of `set` that `other` lacks, in order.
local function lacking(set, other)
  local list = {}
  for name in pairs(set) do
    if not other[name] then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return table.concat(list, " ")
end

-- Fails unless `place`, which is described, has the names of `known`.
local function assert_has(known, place, description)
  local missing = lacking(known, place)
  assert(missing == "", description .. " lacks: " .. missing)
end

-- Fails unless `place` has them and no others.
local function assert_same(known, place, description)
  assert_has(known, place, description)
  local stale = lacking(place, known)
  assert(stale == "", description .. " has what the program lacks: " .. stale)
end

-- `known`, a table of a document, and a class of the annotations.
local function assert_table(known, path, heading, class)
  assert_same(known, reference.rows(path, heading), ("%s, %s,"):format(path, heading))
  assert_same(known, reference.annotated(class), "lua/moongate, " .. class .. ",")
end

describe("the reference of policies", function()
  it("has the globals", function()
    local known = set_of(product.found("policy globals"))
    assert_same(known, reference.rows(POLICIES, "Names"), POLICIES .. ", Names,")
    assert_same(known, reference.linted("policy"), ".luacheckrc, for policies,")
    assert_has(known, reference.annotated("globals"), "lua/moongate")
  end)

  for _, library in ipairs(LIBRARIES) do
    it("has the functions of " .. library, function()
      local known = set_of(product.found(library))
      assert_same(known, reference.row(POLICIES, "Lua's library", library),
        ("%s, Lua's library, %s,"):format(POLICIES, library))
      assert_same(known, reference.linted("policy", library), ".luacheckrc, " .. library .. ",")
      assert_same(known, reference.annotated(library), "lua/moongate, " .. library .. ",")
    end)
  end

  local tables = {
    { "resource", "resource", "moongate.Resource" },
    { "cors", "cors", "moongate.Cors" },
    { "respond", "respond", "moongate.Answer" },
    { "upstream", "upstream", "moongate.Upstream" },
  }
  for _, row in ipairs(tables) do
    local which, heading, class = table.unpack(row)
    it("has the fields of " .. which, function()
      assert_table(set_of(product.policy_fields(which)), POLICIES, heading, class)
    end)
  end

  it("has one table of fields for resource and default", function()
    assert.same(product.policy_fields("resource"), product.policy_fields("default"))
  end)

  it("has the fields of a plugin's use", function()
    assert_table(set_of(product.use_fields()), POLICIES, "plugin", "moongate.PluginUse")
  end)

  it("has what allow may name", function()
    local known = set_of(product.found("allow"))
    assert_same(known, reference.fields(POLICIES, "Hooks", "allow"), POLICIES .. ", Hooks, allow,")
    assert_same(known, reference.annotated("moongate.Allow"), "lua/moongate, moongate.Allow,")
  end)

  local words = {
    { "handler", "Handlers" },
    { "on_denied", "cors" },
    { "options", "resource" },
    { "balance", "upstream" },
    { "keeps", "upstream" },
  }
  for _, row in ipairs(words) do
    local field, heading = table.unpack(row)
    it("has the words of " .. field, function()
      assert_has(set_of(product.words(field)), reference.code(POLICIES, heading),
        ("%s, %s,"):format(POLICIES, heading))
    end)
  end

  it("has the fields and methods of req", function()
    local known = set_of(product.found("req"))
    assert_same(known, reference.annotated("moongate.Request"), "lua/moongate, moongate.Request,")
    assert_same(known, reference.rows(POLICIES, "req"), POLICIES .. ", req,")
  end)
end)

describe("the reference of plugins", function()
  it("has the globals", function()
    local known = set_of(product.found("plugin globals"))
    assert_same(known, reference.linted("plugin"), ".luacheckrc, for plugins,")
    assert_has(known, reference.annotated("globals"), "lua/moongate")
  end)

  it("has the fields of a manifest", function()
    assert_table(set_of(product.manifest_fields("manifest")), PLUGINS, "The manifest",
      "moongate.Manifest")
  end)

  it("has the fields and types of settings", function()
    local fields = set_of(product.manifest_fields("schema"))
    local types = set_of(product.schema_types())
    assert_same(fields, reference.annotated("moongate.Setting"), "lua/moongate, moongate.Setting,")
    assert_same(types, reference.annotated("moongate.SettingType"),
      "lua/moongate, moongate.SettingType,")
    for name in pairs(types) do
      fields[name] = true
    end
    assert_same(fields, reference.rows(PLUGINS, "Configuration"), PLUGINS .. ", Configuration,")
  end)

  it("has the capabilities", function()
    assert_table(set_of(product.capabilities()), PLUGINS, "Capabilities", "moongate.Capability")
  end)

  it("has the methods of a dictionary", function()
    assert_table(set_of(product.found("dict")), PLUGINS, "Dictionaries", "moongate.Dict")
  end)

  -- What the product calls them, where a document has them (a section, the beginning of a line),
  -- and the class that describes them.
  local objects = {
    { "budget", product.manifest_fields, "The manifest", "| `budget` |", "moongate.Budget" },
    { "d", product.found, "Objects", "**`d`**", "moongate.Decision" },
    { "res", product.found, "Objects", "**`res`**", "moongate.Response" },
    { "record", product.found, "Objects", "**`record`**", "moongate.Record" },
    { "log", product.found, "Capabilities", "| `log` |", "moongate.Log" },
    { "clock", product.found, "Capabilities", "| `clock` |", "moongate.Clock" },
    { "dict set options", product.found, "Dictionaries", "| `d:set", "moongate.DictSet" },
    { "dict incr options", product.found, "Dictionaries", "| `d:incr", "moongate.DictAdd" },
  }
  for _, row in ipairs(objects) do
    local name, ask, heading, beginning, class = table.unpack(row)
    it("has the names of " .. name, function()
      local known = set_of(ask(name))
      assert_same(known, reference.annotated(class), "lua/moongate, " .. class .. ",")
      assert_has(known, reference.code(PLUGINS, heading, beginning),
        ("%s, %s, %s,"):format(PLUGINS, heading, name))
    end)
  end

  it("has the fields of an answer, which are those of respond", function()
    assert_has(set_of(product.policy_fields("respond")),
      reference.code(PLUGINS, "Objects", "**An answer**"), PLUGINS .. ", Objects, An answer,")
  end)
end)

describe("the reference of the command line", function()
  it("has the flags of serve", function()
    assert_same(set_of(product.help("serve")), reference.rows("docs/operations.md", "Settings"),
      "docs/operations.md, Settings,")
  end)

  for _, command in ipairs({ "explain", "probe" }) do
    it("has the flags of " .. command, function()
      local path = "docs/" .. command .. ".md"
      assert_has(set_of(product.help(command)), reference.flags(path), path)
    end)
  end

  it("has the limits of serve", function()
    local _, limits = product.help("serve")
    assert_same(set_of(limits), reference.rows("docs/operations.md", "Limits"),
      "docs/operations.md, Limits,")
  end)

  it("has the codes of faults at start", function()
    local started = reference.rows("docs/operations.md", "Faults at start")
    local loaded = reference.codes("docs/diagnostics.md")
    local known = set_of(product.start_codes())
    assert_has(started, known, "what src/ reports")
    for code in pairs(loaded) do
      known[code] = nil
    end
    assert_has(known, started, "docs/operations.md, Faults at start,")
  end)
end)
