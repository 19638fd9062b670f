--- uploads: each way a browser sends a file.

local testing = require "moongate.testing"

describe("uploads", function()
  local gate = testing.load "uploads.lua"
  local APP = "https://app.example.com"

  local function upload(how)
    how.from, how.url = APP, "/uploads/photo.jpg"
    how.method = how.method or "POST"
    return gate:fetch(how)
  end

  it("takes a form, which needs no preflight", function()
    local sent = upload { body = "…", body_kind = "form-data" }
    assert.readable(sent)
    assert.equal("none", sent.preflight)
    assert.is_true(sent:can_read("Location"))
  end)

  it("takes one whose script shows its progress, which does", function()
    local sent = upload { body = "…", body_kind = "form-data", initiator = "xhr",
      upload_listeners = true }
    assert.readable(sent)
    assert.equal("sent", sent.preflight)
  end)

  it("takes pieces, with one preflight for all", function()
    local browser = gate:browser { from = APP }
    for piece, preflight in ipairs { "sent", "cached", "cached" } do
      local sent = browser:fetch { url = "/uploads/film.mp4", method = "PUT", body = "…",
        headers = { ["Content-Range"] = "bytes " .. piece .. "-" .. piece .. "/3" } }
      assert.readable(sent)
      assert.equal(preflight, sent.preflight)
    end
  end)

  it("takes nothing from strangers", function()
    assert.blocked(gate:fetch { from = "https://stranger.example", url = "/uploads/x",
      method = "PUT", body = "…" })
  end)

  testing.snapshot(gate, "uploads.snapshot")
end)
