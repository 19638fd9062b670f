--- security-headers: what stands on every answer, and what stays as the handler has set it.

local testing = require "moongate.testing"

local function load(settings, config)
  return testing.load { plugins = "..", config = config,
    text = 'plugin "security-headers" { ' .. settings .. " }\n" .. [[
resource "/a" { cors = { origins = { "https://app.example" }, methods = { "GET", "PUT" } },
  handler = respond { status = 200, body = "ok" } }
resource "/own" { handler = respond { status = 200, fields = { ["X-Frame-Options"] = "SAMEORIGIN",
  Vary = "Accept" } } }
resource "/off" { cors = false, methods = { "GET" }, handler = respond { status = 200 } }
]] }
end

describe("security-headers", function()
  local gate = load ""
  local APP = "https://app.example"

  it("sets what every API should send, beside the CORS fields", function()
    local answer = gate:request("GET /a", { origin = APP })
    assert.allowed(answer)
    assert.has_field(answer, "X-Content-Type-Options", "nosniff")
    assert.has_field(answer, "Content-Security-Policy",
      "default-src 'none'; frame-ancestors 'none'")
    assert.has_field(answer, "X-Frame-Options", "DENY")
    assert.has_field(answer, "Referrer-Policy", "no-referrer")
    assert.has_field(answer, "Cross-Origin-Resource-Policy", "same-origin")
    assert.is_not.has_field(answer, "Strict-Transport-Security")
  end)

  it("keeps a field that the handler has set, and its Vary", function()
    local answer = gate:request("GET /own")
    assert.has_field(answer, "X-Frame-Options", "SAMEORIGIN")
    assert.varies_on(answer, "Accept")
  end)

  it("marks errors, and what the CORS engine keeps out of", function()
    assert.has_field(gate:request("PATCH /a"), "X-Content-Type-Options", "nosniff")
    assert.has_field(gate:request("GET /off"), "X-Content-Type-Options", "nosniff")
  end)

  it("leaves preflights alone", function()
    assert.is_not.has_field(gate:preflight("PUT /a", { origin = APP }), "X-Content-Type-Options")
  end)

  it("leaves out what is set to nothing", function()
    local answer = load('referrer_policy = ""'):request("GET /a")
    assert.is_not.has_field(answer, "Referrer-Policy")
    assert.has_field(answer, "X-Frame-Options", "DENY")
  end)

  it("sends Strict-Transport-Security on https only", function()
    local strict = load('hsts = "max-age=31536000"', { trusted_proxy = "127.0.0.1" })
    local function ask(scheme)
      return strict:request("GET /a", { headers = { ["X-Forwarded-Proto"] = scheme } })
    end
    assert.has_field(ask("https"), "Strict-Transport-Security", "max-age=31536000")
    assert.is_not.has_field(ask("http"), "Strict-Transport-Security")
  end)
end)
