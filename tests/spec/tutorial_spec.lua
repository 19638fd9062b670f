--- docs/tutorial.md, done: its commands are run in order, and print what stands there.
--
-- GOLDEN=write in the environment writes what they print into the document.

local wire = require("tests.wire.support")
local process = wire.process

local DOCUMENT = "docs/tutorial.md"

-- The document as pieces: text as it is, and commands with what stands below them.
local function read_pieces(text)
  local pieces, inside, until_line = {}, false, nil
  local current
  for line in text:gmatch("([^\n]*)\n") do
    if until_line then
      current.command = current.command .. "\n" .. line
      until_line = line ~= until_line and until_line or nil
    elseif inside and line:find("^%$ ") then
      current = { command = line:sub(3), output = "" }
      pieces[#pieces + 1] = current
      until_line = line:match("<<'(%w+)'$")
    elseif inside and line ~= "```" and current.command:find("\\$") and current.output == "" then
      current.command = current.command .. "\n" .. line
    elseif inside and line ~= "```" then
      current.output = current.output .. line .. "\n"
    else
      inside = line == "```console"
      pieces[#pieces + 1] = { text = line .. "\n" }
    end
  end
  return pieces
end

local function write_pieces(pieces)
  local out = {}
  for i, piece in ipairs(pieces) do
    out[i] = piece.text or "$ " .. piece.command .. "\n" .. piece.output
  end
  return table.concat(out)
end

-- Runs one command in the folder; what it prints on both, without the time it took.
local function run(dir, command)
  process.write_file(dir .. "/.command", command .. "\n")
  local bin = wire.program():match("^(.*)/")
  os.execute(string.format("cd %s && PATH=%s:$PATH NO_COLOR=1 sh .command >.out 2>&1", dir, bin))
  local out = process.read_file(dir .. "/.out")
  return (out:gsub("%d+%.%d+ seconds", "N seconds"))
end

describe("the tutorial", function()
  local dir
  setup(function()
    dir = process.make_dir()
  end)
  teardown(function()
    process.remove_dir(dir)
  end)

  it("prints what it says, in under ten commands", function()
    local text = process.read_file(DOCUMENT)
    local pieces = read_pieces(text)
    assert.equal(text, write_pieces(pieces), "the document is read as it is written")
    local count, last = 0, nil
    for _, piece in ipairs(pieces) do
      if piece.command then
        local out = run(dir, piece.command)
        count, last = count + 1, out
        if os.getenv("GOLDEN") == "write" then
          piece.output = out
        end
        assert.equal(piece.output, out, piece.command)
      end
    end
    if os.getenv("GOLDEN") == "write" then
      process.write_file(DOCUMENT, write_pieces(pieces))
    end
    assert.is_true(count >= 7 and count < 10, count .. " commands")
    assert.is_truthy(last:find("0 failures / 0 errors", 1, true), last)
    assert.is_truthy(last:find("all of it.-100%.0 %%"), last)
  end)
end)
