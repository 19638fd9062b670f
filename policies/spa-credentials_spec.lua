--- spa-credentials: the application and its development server, with cookies; nobody else.

local testing = require "moongate.testing"
local gen = testing.gen

describe("spa-credentials", function()
  local gate = testing.load "spa-credentials.lua"
  local APP, DEV = "https://app.example.com", "http://localhost:5173"

  testing.matrix(gate, {
    { "PUT /app/v1/cart", from = APP, headers = { "content-type", "x-csrf-token" },
      credentials = "include", "readable" },
    { "PATCH /app/v1/cart",  from = DEV, credentials = "include", "readable" },
    { "DELETE /app/v1/cart", from = APP, headers = "authorization", "readable" },
    { "PUT /app/v1/cart",    from = APP, headers = "x-token", "blocked: header-denied" },
    { "GET /app/v1/cart",    from = "http://localhost:3000", "denied: origin-denied" },
    { "GET /app/v1/cart",    from = "http://app.example.com", "denied: origin-denied" },
    { "GET /app/v1/cart",    from = "null", "denied: origin-null-denied" },
    -- logging in is for the application's own host
    { "POST /app/session",   from = APP, credentials = "include", "blocked: acao-missing" },
    { "DELETE /app/session", from = APP, "denied: no-rule" },
  })

  it("allows cookies, and names the origin that may send them", function()
    local answer = gate:request("GET /app/v1/cart", { origin = APP })
    assert.allowed(answer)
    assert.allows_credentials(answer)
    assert.has_field(answer, "Access-Control-Allow-Origin", APP)
    assert.varies_on(answer, "Origin")
    assert.exposes(answer, { "ETag", "Location" })
  end)

  it("tells browsers all it allows at once", function()
    local answer = gate:preflight("PUT /app/v1/cart", { origin = APP })
    assert.allows_methods(answer, { "GET", "POST", "PUT", "PATCH", "DELETE" })
    assert.allows_headers(answer, { "Authorization", "Content-Type", "X-CSRF-Token" })
    assert.max_age(answer, 600)
  end)

  testing.property("lets no stranger in", { gen.origin { APP, DEV } }, function(origin)
    local answer = gate:request("GET /app/v1/cart", { origin = origin })
    return (answer.decision == "allow") == (origin == APP or origin == DEV)
  end)

  testing.snapshot(gate, "spa-credentials.snapshot")
end)
