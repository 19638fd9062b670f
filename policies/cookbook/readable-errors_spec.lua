--- readable-errors: each error that a page may meet.

local testing = require "moongate.testing"

describe("readable-errors", function()
  local gate
  local APP = "https://app.example.com"
  before_each(function()
    gate = testing.load { policies = "readable-errors.lua", plugins = "../../plugins" }
  end)

  local function status_of(url, method)
    local fetched = gate:fetch { from = APP, url = url, method = method }
    assert.readable(fetched)
    return fetched.status, fetched
  end

  it("lets a page read the limit, and when it is over", function()
    assert.equal(200, status_of("/search"))
    assert.equal(200, status_of("/search"))
    local status, refused = status_of("/search")
    assert.equal(429, status)
    assert.is_true(refused:can_read("Retry-After"))
    gate:clock("+" .. refused:get("Retry-After") .. "s")
    assert.equal(200, status_of("/search"))
  end)

  it("lets it read what is not there, and what the upstream says", function()
    assert.equal(404, status_of("/mistyped"))
    assert.equal(405, status_of("/search", "POST"))
    gate:upstream(function()
      return { status = 503 }
    end)
    assert.equal(503, status_of("/search"))
  end)

  it("lets strangers read that they mistyped, and nothing of the search", function()
    assert.readable(gate:fetch { from = "https://any.example", url = "/mistyped" })
    assert.blocked(gate:fetch { from = "https://any.example", url = "/search" }, "acao-missing")
  end)

  testing.snapshot(testing.load { policies = "readable-errors.lua", plugins = "../../plugins" },
    "readable-errors.snapshot")
end)
