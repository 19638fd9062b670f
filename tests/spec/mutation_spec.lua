--- Every example policy has a spec, and the spec notices when the policy is broken: an origin
-- dropped, a method added, credentials flipped. Each mutant runs by `moongate test`.

local lfs = require("lfs")
local mutants = require("tests.spec.support.mutants")
local wire = require("tests.wire.support")
local process = wire.process

local ENOUGH = 0.95 -- of the mutants of all policies, noticed

-- Paths without ".lua": policies/partners, policies/cookbook/cdn.
local function policies()
  local names = {}
  for _, folder in ipairs({ "policies", "policies/cookbook" }) do
    for file in lfs.dir(folder) do
      local name = file:match("^([%w-]+)%.lua$")
      names[#names + 1] = name and folder .. "/" .. name
    end
  end
  table.sort(names)
  return names
end

-- Whether the spec passes. In a subshell of its own, since there are hundreds of them.
local function passes(dir, name)
  return os.execute(string.format("cd %s && %s test %s_spec.lua --output=TAP >out 2>&1",
    dir, wire.program(), name)) == true
end

-- Whether it loads. That this program may not forward yet says nothing of the policy.
local function is_valid(dir, name)
  local loads = os.execute(string.format("cd %s && ! %s check %s.lua --plugins plugins 2>&1"
    .. " | grep -v not-yet-available | grep -q ': error: '", dir, wire.program(), name))
  return loads == true
end

describe("the specs of policies", function()
  local noticed, all, survivors = 0, 0, {}
  local dir
  setup(function()
    dir = process.make_dir()
    assert(os.execute("cp -r policies plugins " .. dir))
  end)
  teardown(function()
    process.remove_dir(dir)
  end)

  for _, name in ipairs(policies()) do
    it("notice when " .. name .. " is broken", function()
      local path = dir .. "/" .. name .. ".lua"
      local text = process.read_file(path)
      assert.is_truthy(lfs.attributes(name .. "_spec.lua"), "there is no spec")
      assert.is_true(passes(dir, name), "the spec fails on the policy as it is")
      for _, mutant in ipairs(mutants.of(text)) do
        process.write_file(path, mutant.text)
        if is_valid(dir, name) then -- what does not load is noticed by the loader
          all = all + 1
          if passes(dir, name) then
            survivors[#survivors + 1] = string.format("%s.lua:%d: %s", name, mutant.line,
              mutant.what)
          else
            noticed = noticed + 1
          end
        end
      end
      process.write_file(path, text)
    end)
  end

  it("notice 95 % of the mutants", function()
    assert.is_true(all >= 10 * #policies(), "hardly any mutants: " .. all)
    local told = string.format("%d of %d mutants noticed", noticed, all)
    told = told .. (#survivors > 0 and "; not these:\n" or "") .. table.concat(survivors, "\n")
    print(told)
    assert.is_true(noticed >= ENOUGH * all, told)
  end)
end)
