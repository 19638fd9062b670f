--- csrf-guard: which requests change something in a stranger's name.

local testing = require "moongate.testing"

local function load(settings)
  return testing.load { plugins = "..", text = 'plugin "csrf-guard" { ' .. settings .. " }\n" .. [[
resource "/orders" {
  cors = { origins = { "https://app.example" }, methods = { "POST", "PUT" } },
  handler = respond { status = 200, body = "done" },
}
]] }
end

describe("csrf-guard", function()
  local gate = load ""
  local OURS, EVIL = "https://app.example", "https://evil.example"

  local function post(origin, site, method)
    return gate:request((method or "POST") .. " /orders",
      { origin = origin, headers = { ["Sec-Fetch-Site"] = site } })
  end

  for name, refused in pairs({
    ["a form of another site"] = post(EVIL, "cross-site"),
    ["one whose origin is opaque"] = post("null", "cross-site"),
    ["one without Origin"] = post(nil, "cross-site"),
    ["one of a sibling domain"] = post(EVIL, "same-site"),
    ["an old browser's form, known by its Origin"] = post(EVIL),
    ["a method that always changes something"] = post(EVIL, "cross-site", "PUT"),
  }) do
    it("refuses " .. name, function()
      assert.denied(refused, "csrf")
      assert.has_status(refused, 403)
    end)
  end

  for name, passed in pairs({
    ["an origin that the rule lists"] = post(OURS, "cross-site"),
    ["our own pages"] = post("https://api.example", "same-origin"),
    ["what a user typed or bookmarked"] = post(nil, "none"),
    ["clients that are no browsers"] = post(),
    ["reading, which changes nothing"] = post(EVIL, "cross-site", "GET"),
    ["HEAD, the same"] = post(EVIL, "cross-site", "HEAD"),
  }) do
    it("lets through " .. name, function()
      assert.has_status(passed, 200)
    end)
  end

  it("leaves preflights to the rule", function()
    assert.allowed(gate:preflight("PUT /orders", { origin = OURS }))
    assert.denied(gate:preflight("PUT /orders", { origin = EVIL }), "origin-denied")
  end)

  it("tells caches what it has read", function()
    assert.varies_on(post(OURS, "cross-site", "GET"), "Origin")
    assert.varies_on(post(nil, "cross-site"), "Sec-Fetch-Site")
  end)

  it("stops a form of another site that a browser sends", function()
    local fetched = gate:fetch { from = EVIL, url = "/orders", method = "POST", mode = "no-cors",
      body = "a=b", body_kind = "url-search-params" }
    assert.has_status(fetched, 403)
  end)

  it("lets sibling domains through where it is told to", function()
    local lenient = load "same_site = true"
    local function ask(site)
      return lenient:request("POST /orders",
        { origin = EVIL, headers = { ["Sec-Fetch-Site"] = site } }).status
    end
    assert.same({ 200, 403 }, { ask("same-site"), ask("cross-site") })
  end)
end)
