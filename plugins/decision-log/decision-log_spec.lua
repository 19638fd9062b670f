--- decision-log: a line of JSON for each decision, with what identifies people masked.

local dkjson = require "dkjson"
local testing = require "moongate.testing"

local function load(settings)
  local use = 'plugin "decision-log" { ' .. settings .. " }\n"
  return testing.load { plugins = "..", text = use .. [[
resource "/a" { cors = { origins = { "https://app.example" } },
  handler = respond { status = 200 } }
]] }
end

-- The record that a request left, or nil.
local function record(gate, origin, remote)
  local answer = gate:request("GET /a", { origin = origin, remote = remote })
  local text = answer:logged()
  return text ~= "" and assert(dkjson.decode(text)) or nil
end

describe("decision-log", function()
  local APP, EVIL = "https://app.example", "https://evil.example"

  it("logs each decision, the address without what tells one household from the next", function()
    local gate = load ""
    local line = record(gate, APP, "192.0.2.77")
    assert.equal("192.0.2.0", line.remote_addr)
    assert.same({ "allow", "simple-allowed", APP, "GET", "/a", 200 },
      { line.verdict, line.reason, line.origin, line.method, line.path, line.status })
    assert.equal("2001:db8:1::", record(gate, APP, "2001:db8:1:2::3").remote_addr)
    assert.equal("deny", record(gate, EVIL).verdict)
  end)

  it("logs refusals only", function()
    local gate = load 'only = "denied"'
    assert.is_nil(record(gate, APP))
    assert.equal("origin-denied", record(gate, EVIL).reason)
  end)

  it("masks what it is told to", function()
    local line = record(load 'mask = { "origin", "host" }', EVIL, "192.0.2.77")
    assert.same({ "masked", "masked", "192.0.2.77" },
      { line.origin, line.host, line.remote_addr })
  end)

  it("logs a share, evenly", function()
    local gate, seen = load "rate = 0.25", {}
    for i = 1, 8 do
      seen[i] = record(gate, APP) ~= nil
    end
    assert.same({ false, false, false, true, false, false, false, true }, seen)
  end)

  it("writes any origin as one line", function()
    local line = record(load "", 'https://"quoted"\\.example')
    assert.equal('https://"quoted"\\.example', line.origin)
  end)
end)
