--- security-headers, through the real server.

local wire = require("tests.wire.support")

local POLICY = [[
plugin "security-headers" { hsts = "max-age=31536000", frame_options = "" }
local cors = { origins = { "https://app.example" }, methods = { "PUT" } }
resource "/a" { cors = cors, handler = respond { status = 200, body = "a" } }
resource "/own" { cors = cors, handler = respond { status = 200, body = "o", fields = {
  ["Referrer-Policy"] = "same-origin", Vary = "Accept" } } }
resource "/off" { cors = false, handler = respond { status = 200, body = "x" } }
]]

describe("security-headers", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY,
      arguments = { "--plugins", wire.plugins, "--trust-proxy", "127.0.0.0/8" } })
  end)
  teardown(function()
    server:stop()
  end)

  local function get(path, ...)
    return server:ask("GET " .. path, { "Host: h.example", "Origin: https://app.example", ... })
  end

  it("sets what is configured, beside the CORS fields", function()
    local answer = get("/a")
    assert.equal("nosniff", answer:get("X-Content-Type-Options"))
    assert.equal("no-referrer", answer:get("Referrer-Policy"))
    assert.equal("same-origin", answer:get("Cross-Origin-Resource-Policy"))
    assert.equal("default-src 'none'; frame-ancestors 'none'",
      answer:get("Content-Security-Policy"))
    assert.is_nil(answer:get("X-Frame-Options"))
    assert.equal("https://app.example", answer:get("Access-Control-Allow-Origin"))
    assert.equal("a", answer.body)
  end)

  it("keeps a field that the handler has set, and its Vary", function()
    local answer = get("/own")
    assert.equal("same-origin", answer:get("Referrer-Policy"))
    assert.is_true(answer:list_has("Vary", "Accept"))
    assert.is_true(answer:list_has("Vary", "Origin"))
  end)

  it("sends Strict-Transport-Security on https only", function()
    assert.is_nil(get("/a"):get("Strict-Transport-Security"))
    assert.equal("max-age=31536000",
      get("/a", "X-Forwarded-Proto: https"):get("Strict-Transport-Security"))
  end)

  it("marks errors too", function()
    local answer = server:ask("DELETE /own", { "Host: h.example" })
    assert.equal("nosniff", answer:get("X-Content-Type-Options"))
  end)

  it("works where the CORS engine is off", function()
    assert.equal("nosniff", get("/off"):get("X-Content-Type-Options"))
  end)

  it("leaves preflights alone", function()
    local answer = server:ask("OPTIONS /a", { "Host: h.example", "Origin: https://app.example",
      "Access-Control-Request-Method: PUT" })
    assert.equal(204, answer.status)
    assert.is_nil(answer:get("X-Content-Type-Options"))
  end)
end)
