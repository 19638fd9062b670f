--- csrf: a form of another site changes nothing, and the application may.

local testing = require "moongate.testing"

describe("csrf", function()
  local gate = testing.load { policies = "csrf.lua", plugins = "../../plugins" }
  local APP, EVIL = "https://app.example.com", "https://evil.example"

  it("refuses a form of another site", function()
    local sent = gate:fetch { from = EVIL, url = "/account/mail", method = "POST",
      mode = "no-cors", credentials = "include", body = "to=evil", body_kind = "url-search-params" }
    assert.denied(sent.exchanges[1], "csrf")
    assert.has_status(sent, 403)
  end)

  testing.matrix(gate, {
    { "POST /account/mail", from = APP, credentials = "include", "readable" },
    { "GET /account/mail",  from = EVIL, "blocked: acao-missing" }, -- answered, but not read
    { "DELETE /account/mail", from = APP, "blocked: method-denied" },
    { "DELETE /account/mail", from = EVIL, "blocked: acao-missing" },
    { "POST /account/mail", "status: 200" }, -- a client that is no browser
  })

  testing.snapshot(gate, "csrf.snapshot")
end)
