--- decision-log, through the real server.

local wire = require("tests.wire.support")

local RESOURCE = [[
resource "/a" { cors = { origins = { "https://a.example" } }, handler = "echo" }
]]

local function start(config)
  return wire.start({ policy = "plugin \"decision-log\" " .. config .. "\n" .. RESOURCE,
    arguments = { "--plugins", wire.plugins, "--log", "json" } })
end

-- The JSON lines that the plugin has logged, once there are `count`, decoded.
local function lines(server, count)
  return wire.process.poll(10, function()
    local found = {}
    for line in server.process:stderr():gmatch("{[^\n]+") do
      local record = wire.decode(line)
      local text = record.text or record.message or record.event
      if type(text) == "string" and text:sub(1, 1) == "{" then
        found[#found + 1] = wire.decode(text)
      end
    end
    return #found >= count and found
  end)
end

local function get(server, origin)
  return server:ask("GET /a?secret=1", { "Host: h.example", "Origin: " .. origin })
end

describe("decision-log", function()
  it("logs each decision as a line of JSON, the address masked", function()
    local server = start("{}")
    get(server, "https://a.example")
    get(server, "https://\"evil\\.example")
    local found = assert(lines(server, 2))
    assert.equal("simple-allowed", found[1].reason)
    assert.equal("allow", found[1].verdict)
    assert.equal("https://a.example", found[1].origin)
    assert.equal("/a", found[1].path)
    assert.equal(200, found[1].status)
    assert.is_truthy(found[1].remote_addr:match("%.0$"))
    assert.equal("origin-malformed", found[2].reason)
    assert.equal("https://\"evil\\.example", found[2].origin)
    server:stop()
  end)

  it("logs refusals only, with the origin masked", function()
    local server = start('{ only = "denied", mask = { "origin" } }')
    get(server, "https://a.example")
    get(server, "https://evil.example")
    local found = assert(lines(server, 1))
    assert.equal(1, #found)
    assert.equal("masked", found[1].origin)
    assert.is_truthy(found[1].remote_addr:match("^127%.%d+%.%d+%.%d+$"))
    server:stop()
  end)

  it("logs a share", function()
    local server = start("{ rate = 0.25 }")
    for _ = 1, 40 do
      get(server, "https://a.example")
    end
    assert.equal(10, #assert(lines(server, 10)))
    server:stop()
  end)
end)
