--- The neutral server vectors of tests/vectors/cors.json, through the real server; those with an
-- upstream are in p003.

local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")
local vectors = require("tests.wire.support.vectors")

describe("vector", function()
  local cases = vectors.load(function(case)
    return case.upstream == nil
  end)
  local policy = vectors.translate(cases, '"echo"')
  local server

  setup(function()
    server = wire.start({ policy = policy,
      arguments = { "--public-origin", "https://self.example" } })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  for _, case in ipairs(cases) do
    it(case.name, function()
      rows.check(server, vectors.row(case))
    end)
  end

  it("table of choices names only cases that exist", function()
    local names = {}
    for _, case in ipairs(cases) do
      names[case.name] = true
    end
    for name, chosen in pairs(vectors.CHOSEN) do
      assert.is_true(names[name], "no such case: " .. name)
      assert.is_string(chosen.why)
    end
  end)
end)
