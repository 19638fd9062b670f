--- policies/README.md shows the policies and specs as they are, all of them.
--
-- GOLDEN=write in the environment writes the files into the document.

local lfs = require("lfs")
local process = require("tests.wire.support").process

local DOCUMENT = "policies/README.md"

-- The document with the code below each link to a file replaced by the file; and the files.
local function filled(text)
  local shown = {}
  local out = text:gsub("\n(%[([%w/_-]+%.lua)%]%(%2%)\n\n```lua\n)(.-)```\n", function(head, name)
    local code = assert(process.read_file("policies/" .. name), "there is no policies/" .. name)
    shown[name] = true
    return "\n" .. head .. code .. "```\n"
  end)
  return out, shown
end

describe("the cookbook", function()
  it("shows the files as they are", function()
    local text = process.read_file(DOCUMENT)
    local now = filled(text)
    if os.getenv("GOLDEN") == "write" then
      process.write_file(DOCUMENT, now)
      text = now
    end
    assert.equal(now, text)
  end)

  it("shows every policy beside its spec", function()
    local _, shown = filled(process.read_file(DOCUMENT))
    local count = 0
    for _, folder in ipairs({ "", "cookbook/" }) do
      for file in lfs.dir("policies/" .. folder) do
        local name = file:match("^([%w-]+)%.lua$")
        if name then
          assert.is_true(shown[folder .. file], folder .. file)
          assert.is_true(shown[folder .. name .. "_spec.lua"], folder .. name .. "_spec.lua")
          count = count + 1
        end
      end
    end
    assert.is_true(count >= 15, count .. " policies")
  end)
end)
