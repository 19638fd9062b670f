--- `moongate test`: what it prints of failing specs, of coverage and of usage, as golden files; its
-- exit codes; what busted's options do; and the API by its own spec.
--
-- The specs are those of tests/spec/testing, and what they print is kept there, without the time
-- it took; GOLDEN=write in the environment writes it anew.

local wire = require("tests.wire.support")
local process = wire.process

local FOLDER = "tests/spec/testing/"
local FILES = { "api_spec.lua", "faulty_spec.lua", "orders.lua", "orders.snapshot",
  "partial_spec.lua", "red_spec.lua" }

-- Runs moongate test in a copy of the folder. Returns the status, both outputs, and the copy's
-- files by name.
local function run(arguments, options)
  options = options or {}
  local dir = process.make_dir()
  for _, name in ipairs(options.files or FILES) do
    process.write_file(dir .. "/" .. name, options[name] or process.read_file(FOLDER .. name))
  end
  local argv = { "sh", "-c", "cd " .. dir .. " && exec \"$0\" test \"$@\"", wire.program() }
  for _, argument in ipairs(arguments) do
    argv[#argv + 1] = argument
  end
  local child = process.spawn(argv, dir, options.environment)
  local status = child:wait(120)
  if not status then
    child:signal("KILL")
    error("still running after 120 s: " .. table.concat(argv, " ") .. child:tail())
  end
  local out, err = child:stdout(), child:stderr()
  local written = setmetatable({}, { __index = function(_, name)
    return process.read_file(dir .. "/" .. name)
  end })
  local wanted = {}
  for _, name in ipairs(options.written or {}) do
    wanted[name] = written[name]
  end
  process.remove_dir(dir)
  out = out:gsub("%d+%.%d+ seconds", "N seconds")
  return status, out, err, wanted
end

local function golden(name, text)
  local path = FOLDER .. name
  if os.getenv("GOLDEN") == "write" then
    process.write_file(path, text)
  end
  assert.equal(process.read_file(path) or "(no such file)", text, path)
end

local PLAIN = "--output=plainTerminal"

describe("moongate test", function()
  it("prints of each failing assertion what it takes to see why", function()
    local status, out = run({ "red_spec.lua", PLAIN })
    assert.equal(1, status)
    golden("red.txt", out)
  end)

  it("prints faults of policies, and of calls", function()
    local status, out = run({ "faulty_spec.lua", PLAIN })
    assert.equal(1, status)
    golden("faulty.txt", out)
  end)

  it("passes the spec of its own API", function()
    local status, out = run({ "api_spec.lua", PLAIN }, { environment = {
      "MOONGATE_CHECKOUT=" .. require("lfs").currentdir() } })
    assert.equal(0, status, out)
    assert.is_truthy(out:find("^%++\n%d%d+ successes / 0 failures / 0 errors / 0 pending"), out)
  end)

  it("tells what is covered", function()
    local status, out = run({ "partial_spec.lua", PLAIN, "--coverage" })
    assert.equal(0, status)
    golden("coverage.txt", out)
    for _, format in ipairs({ "json", "lcov", "html" }) do
      local file = "coverage." .. format
      local _, told, _, written = run({ "partial_spec.lua", PLAIN, "--coverage=" .. format },
        { written = { file } })
      golden(file, written[file])
      assert.is_truthy(told:find("written to " .. file, 1, true))
    end
    assert.is_table(wire.decode(process.read_file(FOLDER .. "coverage.json")).files)
  end)

  it("fails below a threshold of coverage, and not above", function()
    local status, _, err = run({ "partial_spec.lua", PLAIN, "--threshold", "50" })
    assert.equal(1, status)
    assert.is_truthy(err:find("is below 50 %", 1, true), err)
    assert.equal(0, (run({ "partial_spec.lua", PLAIN, "--threshold=20" })))
  end)

  it("writes snapshots when asked, and holds to them", function()
    local status, _, _, written = run({ "red_spec.lua", PLAIN, "--filter=answers as",
      "--update-snapshots" }, { written = { "missing.snapshot" }, ["orders.snapshot"] = "old\n" })
    assert.equal(0, status)
    golden("matrix.txt", written["missing.snapshot"])
    local held = { ["orders.snapshot"] = written["missing.snapshot"] }
    assert.equal(0, (run({ "red_spec.lua", "--filter=as orders" }, held)))
  end)

  it("finds specs by itself", function()
    local status, out = run({ PLAIN, "--list" })
    assert.equal(0, status)
    for _, name in ipairs({ "partial asks for a little", "red allowed, a preflight" }) do
      assert.is_truthy(out:find(name, 1, true), out)
    end
    assert.equal(2, (run({ PLAIN }, { files = { "orders.lua" } })))
  end)

  it("passes busted's options on, with spaces and all", function()
    local function count(...)
      local _, out = run({ "red_spec.lua", PLAIN, ... })
      return out:match("(%d+) failures?"), out:match("(%d+) success")
    end
    assert.equal("1", count("--filter=not allowed$"))
    assert.equal("2", count("--filter", "is not$", "--filter-out", "blocked"))
    local _, tap = run({ "partial_spec.lua", "-o", "TAP" })
    assert.is_truthy(tap:find("^ok 1 %- partial"), tap)
    local _, junit = run({ "partial_spec.lua", "--output=junit" })
    assert.is_truthy(junit:find("<testcase", 1, true), junit)
    local _, json = run({ "partial_spec.lua", "--output=json" })
    assert.equal("partial asks for a little", wire.decode(json).successes[1].name)
    local status, out = run({ "partial_spec.lua", PLAIN, "--shuffle", "--repeat=3" })
    assert.equal(0, status, out)
  end)

  it("honours .busted", function()
    local status, out = run({ PLAIN }, { files = { ".busted", "orders.lua", "partial_spec.lua" },
      [".busted"] = 'return { default = { ROOT = { "partial_spec.lua" } } }' })
    assert.equal(0, status)
    assert.is_truthy(out:find("1 success", 1, true), out)
  end)

  it("stays the program's: os.exit of a spec is a failing test, not an end", function()
    local status, out = run({ "exit_spec.lua", PLAIN }, { files = { "exit_spec.lua" },
      ["exit_spec.lua"] = 'it("leaves", function() os.exit(0) end)\nit("stays", function() end)' })
    assert.equal(1, status)
    assert.is_truthy(out:find("1 success / 0 failures / 1 error", 1, true), out)
    assert.is_truthy(out:find("os.exit(0) was called", 1, true), out)
  end)

  it("says what is wrong with its arguments", function()
    for argument, told in pairs({
      ["--coverage=xml"] = "--coverage is text, json, lcov or html, not 'xml'",
      ["--threshold=many"] = "--threshold is a number from 0 to 100, not 'many'",
      ["--gc=never"] = "--gc is stress, not 'never'",
      ["--lua=/usr/bin/lua"] = "--lua makes no sense here",
      ["--nothing"] = "moongate test: error: unknown/bad flag: --nothing",
    }) do
      local status, _, err = run({ "partial_spec.lua", argument })
      assert.equal(2, status, argument)
      assert.is_truthy(err:find(told, 1, true), err)
    end
  end)

  it("prints its usage", function()
    local status, out = run({ "--help" })
    assert.equal(0, status)
    golden("usage.txt", out)
  end)

  it("names the package where busted is missing", function()
    local status, _, err = run({ "partial_spec.lua" },
      { environment = { "LUA_PATH=/nowhere/?.lua", "LUA_CPATH=/nowhere/?.so" } })
    assert.equal(4, status)
    assert.is_truthy(err:find("apt-get install lua-busted", 1, true), err)
  end)

  it("says where coverage cannot be written", function()
    local status, _, err = run({ "partial_spec.lua", PLAIN, "--coverage=json",
      "--coverage-file=/nowhere/c.json" })
    assert.equal(4, status)
    assert.is_truthy(err:find("/nowhere/c.json", 1, true), err)
  end)
end)
