--- webdav: what browsers ask stays here, what clients ask goes on.

local testing = require "moongate.testing"

describe("webdav", function()
  local FILES = "https://files.example.com"
  local gate = testing.load { policies = "webdav.lua", upstream = function(req)
    return { status = req.method == "PROPFIND" and 207 or 200, fields = { DAV = "1, 2" },
      body = req.method }
  end }

  testing.matrix(gate, {
    { "PROPFIND /dav/a", from = FILES, headers = "depth", "readable" },
    { "MKCOL /dav/b", from = FILES, "readable" },
    { "LOCK /dav/a", from = FILES, "blocked: method-denied" },
    { "PROPFIND /dav/a", from = "https://stranger.example", "blocked: acao-missing" },
    { "PROPFIND /dav/a", "status: 207" },
    { "LOCK /dav/a", "status: 501" },
  })

  it("hands on an OPTIONS that is no preflight, and a page can read it", function()
    local answer = gate:request("OPTIONS /dav/a", { origin = FILES })
    assert.equal("OPTIONS", answer.body)
    assert.exposes(answer, { "DAV" })
  end)

  it("answers preflights itself", function()
    assert.equal("", gate:preflight("MKCOL /dav/b", { origin = FILES }).body)
  end)

  testing.snapshot(gate, "webdav.snapshot")
end)
