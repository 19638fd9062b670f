--- Plugins at proxied exchanges: `request` hooks may answer before the upstream is asked,
-- `response` hooks see and edit the heads that it sends, and content streams past both.

local wire = require("tests.wire.support")
local recorder = require("tests.wire.support.recorder")

local POLICY = [[
upstream "default" { "URL" }
plugin "watch" { }
default { cors = { origins = { "https://app.example" } } }
]]

local PLUGIN = [[
return {
  name = "watch", version = "1.0.0", api = 1,
  capabilities = { "respond" },
  request = function(req)
    if req:header("x-stop") then
      return { status = 429, fields = { ["X-From"] = "plugin" }, body = "stop" }
    end
  end,
  response = function(req, res)
    res:set("X-Status", tostring(res.status))
    res:remove("X-Secret")
    if res:get("X-Fail") then error("failed on purpose") end
  end,
}
]]

describe("plugin at the gateway", function()
  local upstream, server, folder
  setup(function()
    folder = wire.process.make_dir()
    assert(require("lfs").mkdir(folder .. "/watch"))
    wire.process.write_file(folder .. "/watch/plugin.lua", PLUGIN)
    upstream = recorder.listen()
    server = wire.start({ policy = POLICY:gsub("URL", upstream.url), workers = 1,
      arguments = { "--plugins", folder } })
  end)
  teardown(function()
    server:stop()
    upstream:close()
  end)
  after_each(function()
    upstream:reset()
    server:assert_alive()
  end)

  local function send(more)
    return server:connect():send("GET /x HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
      .. (more or "") .. "\r\n")
  end

  it("edits the heads that the upstream sends", function()
    local connection = send()
    local _, link = upstream:take()
    link:send("HTTP/1.1 201 OK\r\nX-Secret: 1\r\nX-Kept: 2\r\nVary: Cookie\r\n"
      .. "Access-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\r\n")
    link:send("3\r\nabc\r\n0\r\n\r\n")
    local answer = connection:read("GET")
    assert.equals(201, answer.status)
    assert.equals("201", answer:get("X-Status"))
    assert.equals("2", answer:get("X-Kept"))
    assert.is_nil(answer:get("X-Secret"))
    assert.equals("abc", answer.body)
    assert.same({ "https://app.example" }, answer:all("Access-Control-Allow-Origin"))
    assert.is_truthy(answer:list_has("Vary", "Cookie"))
    assert.is_truthy(answer:list_has("Vary", "Origin"))
    connection:close()
  end)

  it("edits the heads of errors that the gateway makes", function()
    local connection = send()
    local _, link = upstream:take()
    link:send("garbage\r\n")
    local answer = connection:read("GET")
    assert.equals(502, answer.status)
    assert.equals("502", answer:get("X-Status"))
    connection:close()
  end)

  it("does not stand in the way of a WebSocket", function()
    local connection = send("Connection: Upgrade\r\nUpgrade: websocket\r\n")
    local _, link = upstream:take()
    link:send("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello")
    assert.equals(101, connection:read("GET").status)
    while #connection.received < 5 do
      assert.is_true(connection:receive_some(wire.process.now() + 5))
    end
    assert.equals("hello", connection.received)
    connection:close()
  end)

  it("answers in its stead, and the upstream is not asked", function()
    local connection = send("X-Stop: 1\r\n")
    local answer = connection:read("GET")
    assert.equals(429, answer.status)
    assert.equals("plugin", answer:get("X-From"))
    assert.equals("https://app.example", answer:get("Access-Control-Allow-Origin"))
    upstream:assert_unasked()
    connection:close()
  end)

  it("that fails at a head makes it a readable 500, and the upstream's connection ends", function()
    local connection = send()
    local _, link = upstream:take()
    link:send("HTTP/1.1 200 OK\r\nX-Fail: 1\r\nContent-Length: 5\r\n\r\nabcde")
    local answer = connection:read("GET")
    assert.equals(500, answer.status)
    assert.equals("https://app.example", answer:get("Access-Control-Allow-Origin"))
    assert.is_nil(answer.body:find("abcde", 1, true))
    assert.is_true(link:is_closed(5))
    connection:send("GET /y HTTP/1.1\r\nHost: a\r\n\r\n")
    local seen, fresh = upstream:take()
    assert.equals("/y", seen.target)
    fresh:answer(200, {}, "fine")
    assert.equals("fine", connection:read("GET").body)
    connection:close()
  end)
end)
