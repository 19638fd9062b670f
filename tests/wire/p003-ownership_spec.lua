--- Whose CORS fields an answer has: ours, whatever the upstream set; its own where the upstream
-- is declared so; none that a plugin or trailer brings in by the back door. And the server vectors
-- of tests/vectors/cors.json that have an upstream.

local wire = require("tests.wire.support")
local recorder = require("tests.wire.support.recorder")
local vectors = require("tests.wire.support.vectors")

local POLICY = [[
upstream "default" { "URL" }
upstream "kept" { "URL", cors = "keep" }
local cors = { origins = { "https://app.example" }, credentials = true, expose = { "ETag" } }
resource "/{rest...}" { cors = cors }
resource "/kept" { cors = cors, handler = proxy "kept" }
resource "/off" { cors = false }
]]

local GET = "GET PATH HTTP/1.1\r\nHost: a\r\nOrigin: ORIGIN\r\n\r\n"

-- An upstream that believes in CORS.
local ITS_OWN = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://evil.example\r\n"
  .. "access-control-allow-credentials: true\r\nACCESS-CONTROL-EXPOSE-HEADERS: *\r\n"
  .. "Access-Control-Anything: 1\r\nTiming-Allow-Origin: *\r\nVary: Accept-Encoding, origin\r\n"
  .. "Vary: Cookie\r\nContent-Length: 2\r\n\r\nok"

describe("CORS fields of an upstream", function()
  local upstream, server
  setup(function()
    upstream = recorder.listen()
    server = wire.start({ policy = POLICY:gsub("URL", upstream.url), workers = 2 })
  end)
  teardown(function()
    server:stop()
    upstream:close()
  end)
  after_each(function()
    upstream:reset()
    server:assert_alive()
  end)

  local function get(path, origin)
    upstream:reset()
    local connection = server:connect():send((GET:gsub("PATH", path):gsub("ORIGIN", origin)))
    local _, link = upstream:take()
    link:send(ITS_OWN)
    local answer = connection:read("GET")
    connection:close()
    return answer
  end

  it("are replaced for an origin that is allowed", function()
    local answer = get("/x", "https://app.example")
    assert.equals("https://app.example", answer:get("Access-Control-Allow-Origin"))
    assert.same({ "access-control-allow-origin", "access-control-allow-credentials",
      "access-control-expose-headers" }, answer:names_with("access-control-"))
    assert.equals("ETag", answer:get("Access-Control-Expose-Headers"))
    assert.is_nil(answer:get("Timing-Allow-Origin"))
    assert.same({ "Accept-Encoding, origin, Cookie" }, answer:all("Vary"))
  end)

  it("are removed for an origin that is denied", function()
    local answer = get("/x", "https://evil.example")
    assert.equals(200, answer.status)
    assert.same({}, answer:names_with("access-control-"))
    assert.is_nil(answer:get("Timing-Allow-Origin"))
    assert.is_truthy(answer:list_has("Vary", "origin"))
  end)

  for _, path in ipairs({ "/kept", "/off" }) do
    it("pass as they are at " .. path, function()
      local answer = get(path, "https://app.example")
      assert.equals("https://evil.example", answer:get("Access-Control-Allow-Origin"))
      assert.equals("1", answer:get("Access-Control-Anything"))
      assert.equals("*", answer:get("Timing-Allow-Origin"))
      assert.same({ "Accept-Encoding, origin", "Cookie" }, answer:all("Vary"))
    end)
  end

  it("are told of once for each upstream, with what it would have answered", function()
    for _ = 1, 6 do
      get("/x", "https://app.example")
      get("/kept", "https://app.example")
    end
    local lines = {}
    for line in server.process:stderr():gmatch("[^\n]*sets CORS fields itself[^\n]*") do
      lines[#lines + 1] = line
    end
    table.sort(lines)
    assert.equals(2, #lines, table.concat(lines, "\n"))
    local text = table.concat(lines, "\n")
    assert.is_truthy(text:find("they are replaced upstream=default", 1, true), text)
    assert.is_truthy(text:find("they are kept upstream=kept", 1, true), text)
    assert.is_truthy(text:find("access-control-allow-origin=https://evil.example", 1, true), text)
    assert.is_truthy(text:find("access-control-allow-credentials=true", 1, true), text)
  end)
end)

describe("an upstream without a policy", function()
  it("is reached by everybody, and read by nobody from elsewhere", function()
    local upstream = recorder.listen()
    local server = wire.start({ policy = false, workers = 1,
      arguments = { "--upstream", upstream.url } })
    local connection = server:connect():send(
      (GET:gsub("PATH", "/x"):gsub("ORIGIN", "https://app.example")))
    local seen, link = upstream:take()
    assert.equals("/x", seen.target)
    link:send(ITS_OWN)
    local answer = connection:read("GET")
    assert.equals("ok", answer.body)
    assert.same({}, answer:names_with("access-control-"))
    connection:close()
    answer = server:ask("OPTIONS /x", { "Host: a", "Origin: https://app.example",
      "Access-Control-Request-Method: PUT" })
    assert.equals(403, answer.status)
    assert.is_truthy(server.process:stderr():find("no policy is given", 1, true))
    server:stop()
    upstream:close()
  end)
end)

describe("vector with an upstream:", function()
  local cases = vectors.load(function(case)
    return case.upstream ~= nil
  end)
  local upstream, server

  setup(function()
    upstream = recorder.listen()
    server = wire.start({ workers = 1,
      policy = 'upstream "default" { "' .. upstream.url .. '" }\n' .. vectors.translate(cases,
        '"proxy"'),
      limits = { ["upstream-response"] = "100ms" } })
  end)
  teardown(function()
    server:stop()
    upstream:close()
  end)
  after_each(function()
    upstream:reset()
    server:assert_alive()
  end)

  -- Lets the upstream do what the case says: answer, or fail so that the gateway makes the status.
  local function play(case)
    local told = case.upstream
    if told.must_not_be_called then
      upstream:assert_unasked()
      return
    end
    local _, link = upstream:take()
    if told.generated then
      if told.status == 502 then
        link:close()
      end
      return
    end
    local lines = {}
    for _, field in ipairs(told.headers) do
      lines[#lines + 1] = field[1] .. ": " .. field[2]
    end
    link:answer(math.tointeger(told.status), lines)
  end

  for _, case in ipairs(cases) do
    it(case.name, function()
      local row = vectors.row(case)
      if case.upstream.generated then
        -- The record's one reason is that of the status; the verdict is the decision's.
        row.log.reason = case.upstream.status == 502 and "upstream-closed" or "upstream-timeout"
      end
      local connection = server:connect():send(vectors.bytes(row))
      play(case)
      vectors.check(row, connection:read(case.request.method), server, connection)
      connection:close()
    end)
  end
end)
