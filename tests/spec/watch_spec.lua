--- `moongate test --watch`: a change runs what it touches, and nothing else.

local wire = require("tests.wire.support")
local process = wire.process

local POLICY = [[
resource "/%s" { methods = { "GET" }, cors = { origins = { "https://app.example" } },
  handler = "none" }
]]

local SPEC = [[
local testing = require "moongate.testing"
describe("%s", function()
  it("is for app.example", function()
    local gate = testing.load "%s.lua"
    assert.allowed(gate:request("GET /%s", { origin = "https://app.example" }))
  end)
end)
]]

describe("moongate test --watch", function()
  local dir, child
  before_each(function()
    dir = process.make_dir()
    for _, name in ipairs({ "a", "b" }) do
      process.write_file(dir .. "/" .. name .. ".lua", POLICY:format(name))
      process.write_file(dir .. "/" .. name .. "_spec.lua", SPEC:format(name, name, name))
    end
  end)
  after_each(function()
    if child then
      child:signal("KILL")
      child:wait(10)
      child = nil
    end
    process.remove_dir(dir)
  end)

  local function start()
    child = process.spawn({ "sh", "-c", "cd " .. dir .. " && exec \"$0\" test --watch -o TAP",
      wire.program() }, dir)
  end

  -- What is printed behind `from`, once it has a whole run in it: TAP ends by its plan.
  local function next_run(from)
    local text = process.poll(20, function()
      local out = child:stdout():sub(from)
      return out:find("\n1%.%.%d+\n") and out
    end)
    assert(text, "no run within 20 s: " .. child:stdout() .. child:tail())
    return text, from + #text
  end

  it("runs all, then the specs of a policy, a spec, and all for what nobody knows", function()
    start()
    local first, at = next_run(1)
    assert.is_truthy(first:find("1..2", 1, true), first)
    process.write_file(dir .. "/a.lua", (POLICY:format("a"):gsub("app.example", "other.example")))
    local second
    second, at = next_run(at)
    assert.is_truthy(second:find("\na.lua changed: a_spec.lua\n", 1, true), second)
    assert.is_truthy(second:find("not ok 1 - a is for app.example", 1, true), second)
    assert.is_truthy(second:find("1..1", 1, true), second)
    local third
    process.write_file(dir .. "/b_spec.lua", SPEC:format("b again", "b", "b"))
    third, at = next_run(at)
    assert.is_truthy(third:find("b_spec.lua changed: b_spec.lua\n", 1, true), third)
    assert.is_truthy(third:find("ok 1 - b again", 1, true), third)
    process.write_file(dir .. "/notes.md", "no test has anything to do with it")
    process.write_file(dir .. "/helper.lua", "return {}")
    local fourth = next_run(at)
    assert.is_truthy(fourth:find("helper.lua changed: all specs\n", 1, true), fourth)
    assert.is_truthy(fourth:find("1..2", 1, true), fourth)
  end)

  it("runs who has loaded a folder, or what lies beside an include", function()
    process.write_file(dir .. "/a_spec.lua", (SPEC:format("a", ".", "a"):gsub("%.%.lua", ".")))
    process.write_file(dir .. "/b.lua", 'include "_origins.lua"\n' .. POLICY:format("b"))
    process.write_file(dir .. "/_origins.lua", "local none\n")
    start()
    local _, at = next_run(1)
    process.write_file(dir .. "/_origins.lua", "local some\n")
    local second = next_run(at)
    assert.is_truthy(second:find("_origins.lua changed: a_spec.lua, b_spec.lua\n", 1, true), second)
  end)

  it("says what is wrong with its arguments, and ends", function()
    local status, _, err = wire.run({ "test", "--watch", "--threshold=x" })
    assert.equal(2, status)
    assert.is_truthy(err:find("--threshold is a number", 1, true), err)
  end)
end)
