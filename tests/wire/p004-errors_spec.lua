--- Errors that the gateway makes itself: readable by the script that asked, in the format it
-- asked for, with an id that leads to the line of the access log.

local wire = require("tests.wire.support")

local POLICY = [[
upstream "default" { "http://127.0.0.1:1" }
local cors = { origins = { "https://app.example" } }
resource "/{rest...}" { cors = cors }
resource "/local" { cors = cors, handler = "echo" }
resource "/read-only" { methods = { "GET" }, cors = cors }
]]

describe("error of the engine", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY, workers = 1,
      limits = { ["body-bytes"] = 4, ["body-timeout"] = "200ms" } })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  local rows = {
    { accept = nil, json = false },
    { accept = "*/*", json = false },
    { accept = "application/json", json = true },
    { accept = "APPLICATION/JSON", json = true },
    { accept = "application/json, text/plain, */*", json = true },
    { accept = "text/plain, application/json, */*", json = false },
    { accept = "application/json, */*", json = true },
    { accept = "text/html, application/json;q=0.9", json = true },
    { accept = "text/plain;q=0.5, application/json", json = true },
    { accept = "text/plain, application/json;q=0.5", json = false },
    { accept = "application/*;q=0.5, text/*;q=0.4", json = true },
    { accept = "application/json;q=0, */*", json = false },
    { accept = "application/json; charset=utf-8; q=1.0, text/plain;q=0.999", json = true },
    { accept = ";;;,=,q=", json = false },
  }
  for _, row in ipairs(rows) do
    local format = row.json and "JSON" or "text"
    it("is " .. format .. " for Accept: " .. tostring(row.accept), function()
      local fields = { "Host: a", "Origin: https://app.example" }
      fields[3] = row.accept and "Accept: " .. row.accept
      local answer, connection = server:ask("GET /x", fields)
      assert.equals(502, answer.status)
      assert.equals("https://app.example", answer:get("Access-Control-Allow-Origin"))
      assert.equals("no-store", answer:get("Cache-Control"))
      local id
      if row.json then
        assert.equals("application/json", answer:get("Content-Type"))
        local told = wire.decode(answer.body)
        assert.equals(502, told.status)
        assert.equals("Bad Gateway", told.error)
        assert.equals("upstream-connect", told.reason)
        id = told.id
      else
        assert.equals("text/plain; charset=utf-8", answer:get("Content-Type"))
        id = answer.body:match("^502 Bad Gateway: upstream%-connect %(id (%x+)%)\n$")
      end
      assert.equals(16, #id, answer.body)
      assert.equals(id, server:record(connection).id)
    end)
  end

  it("has another id each time", function()
    local seen = {}
    for _ = 1, 50 do
      local id = server:ask("GET /x").body:match("id (%x+)")
      assert.is_nil(seen[id])
      seen[id] = true
    end
  end)

  for _, row in ipairs({
    { "413 of content", "POST /local", { "Content-Length: 9" }, "123456789", 413 },
    { "408 of content that does not come", "POST /local", { "Content-Length: 3" }, "1", 408 },
    { "405", "PUT /read-only", {}, "", 405 },
    { "501", "BREW /x", {}, "", 501 },
  }) do
    it(row[1] .. " can be read by a script", function()
      local fields = { "Host: a", "Origin: https://app.example", "Accept: application/json",
        table.unpack(row[3]) }
      local answer, connection = server:ask(row[2], fields, row[4])
      assert.equals(row[5], answer.status)
      assert.equals("https://app.example", answer:get("Access-Control-Allow-Origin"))
      assert.equals(wire.decode(answer.body).id, server:record(connection).id)
    end)
  end

  it("of a HEAD has no body, and its length", function()
    local answer = server:ask("HEAD /x", { "Host: a" })
    assert.equals(502, answer.status)
    assert.equals("56", answer:get("Content-Length"))
  end)

  it("is null in the log where there is none", function()
    local answer, connection = server:ask("GET /local")
    assert.equals(200, answer.status)
    assert.equals(wire.json.null, server:record(connection).id)
  end)
end)
