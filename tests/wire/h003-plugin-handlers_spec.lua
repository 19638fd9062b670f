--- Handlers of plugins: any status and fields, repeated ones and odd bytes in values included;
--- what would break the framing is refused.

local lfs = require("lfs")
local wire = require("tests.wire.support")

local PLUGIN = [[
local answers = {
  teapot = { status = 418, body = "short and stout" },
  unknown = { status = 599, fields = { ["X-A"] = "1" } },
  none = { status = 204 },
  repeated = { status = 200, body = "r", fields = {
    { "Set-Cookie", "a=1" }, { "Set-Cookie", "b=2" }, { "X-Odd", "caf\xc3\xa9 \xff\tend" },
    { "Access-Control-Allow-Origin", "https://plugin.example" }, { "Vary", "X-Own" } } },
  controls = { status = 200, fields = { ["X-Odd"] = "\x01 \x7f" } },
  split = { status = 200, fields = { ["X-A"] = "a\r\nX-B: injected" } },
  nul = { status = 200, fields = { ["X-A"] = "a\0b" } },
  name = { status = 200, fields = { ["X A"] = "1" } },
  length = { status = 200, fields = { ["Content-Length"] = "100" }, body = "x" },
  chunked = { status = 200, fields = { ["Transfer-Encoding"] = "chunked" } },
  early = { status = 100 },
  high = { status = 1000 },
  nobody = { status = 204, body = "body" },
  text = { status = 200, body = 7 },
}
return {
  name = "answers", version = "1", api = 1,
  handler = function(req)
    if req.params.which == "echo" then
      return { status = 200, body = req.method .. " " .. req.path .. " " .. req:body() }
    elseif req.params.which == "nothing" then
      return nil
    end
    return answers[req.params.which]
  end,
}
]]

local POLICY = [[
local methods = { "GET", "HEAD", "POST", "OPTIONS" }
resource "/off/{which}" { methods = methods, cors = false, handler = plugin "answers" }
resource "/on/{which}" {
  methods = methods, cors = { origins = { "https://app.example" } }, handler = plugin "answers",
}
]]

describe("a plugin's handler", function()
  local server, plugins
  setup(function()
    plugins = wire.process.make_dir()
    assert(lfs.mkdir(plugins .. "/answers"))
    wire.process.write_file(plugins .. "/answers/plugin.lua", PLUGIN)
    server = wire.start({ policy = POLICY, arguments = { "--plugins", plugins } })
  end)
  teardown(function()
    server:stop()
    wire.process.remove_dir(plugins)
  end)
  after_each(function()
    server:assert_alive()
  end)

  local function ask(line, ...)
    return server:ask(line, { "Host: h.example", "Origin: https://app.example", ... })
  end

  it("sends any status", function()
    local answer = ask("GET /off/teapot")
    assert.equal(418, answer.status)
    assert.equal("short and stout", answer.body)
    assert.equal(599, ask("GET /off/unknown").status)
    answer = ask("GET /off/none")
    assert.equal(204, answer.status)
    assert.is_nil(answer:get("Content-Length"))
  end)

  it("sends repeated fields and odd bytes as they are", function()
    local answer = ask("GET /off/repeated")
    assert.same({ "a=1", "b=2" }, answer:all("Set-Cookie"))
    assert.equal("caf\xc3\xa9 \xff\tend", answer:get("X-Odd"))
  end)

  it("sends control bytes too", function()
    local bytes = server:connect():send("GET /off/controls HTTP/1.1\r\nHost: h.example\r\n"
      .. "Connection: close\r\n\r\n"):read_all()
    assert.is_truthy(bytes:find("\r\nX-Odd: \x01 \x7f\r\n", 1, true))
  end)

  it("owns the CORS fields where the engine is off", function()
    local answer = ask("GET /off/repeated")
    assert.equal("https://plugin.example", answer:get("Access-Control-Allow-Origin"))
    assert.equal("X-Own", answer:get("Vary"))
    assert.equal(418, ask("OPTIONS /off/teapot", "Access-Control-Request-Method: PUT").status)
  end)

  it("does not where it is on", function()
    local answer = ask("GET /on/repeated")
    assert.equal("https://app.example", answer:get("Access-Control-Allow-Origin"))
    assert.is_true(answer:list_has("Vary", "X-Own"))
    assert.is_true(answer:list_has("Vary", "Origin"))
  end)

  it("reads the content, and answers HEAD without one", function()
    local answer = server:ask("POST /off/echo", { "Host: h.example", "Content-Length: 5" }, "12345")
    assert.equal("POST /off/echo 12345", answer.body)
    answer = server:ask("POST /off/echo", { "Host: h.example", "Transfer-Encoding: chunked" },
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert.equal("POST /off/echo abcde", answer.body)
    assert.equal(418, ask("HEAD /off/teapot").status)
  end)

  for _, which in ipairs({ "split", "nul", "name", "length", "chunked", "early", "high", "nobody",
    "text", "nothing" }) do
    it("is refused with a 500 that a script can read: " .. which, function()
      local answer = ask("GET /on/" .. which)
      assert.equal(500, answer.status)
      assert.equal("https://app.example", answer:get("Access-Control-Allow-Origin"))
      assert.is_nil(answer:get("X-B"))
    end)
  end
end)
