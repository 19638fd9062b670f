--- Hooks and plugins on two workers at once: many connections, pipelined requests, every answer
-- read. Under a thread sanitizer this is where a race would show.

local wire = require("tests.wire.support")

local POLICIES = {
  ["shop.lua"] = [[
local prices = { "X-Price", "X-Currency" }
resource "/shop/{id}" {
  methods = { "GET", "PUT" },
  cors = {
    origins = function(req) return { "https://shop" .. req.params.id .. ".example" } end,
    expose = prices,
  },
  preflight = function(req)
    if req:header("x-closed") then return deny "closed" end
  end,
  handler = respond { status = 200, body = "shop" },
}
]],
  ["users.lua"] = [[
resource "/users/{id}" {
  cors = { origins = { "https://*.users.example" } },
  simple = function(req)
    req.ctx.visits = (req.ctx.visits or 0) + 1
    if req.ctx.visits > 1 then return deny "context-leaked" end
    if req.params.id == "0" then return deny "nobody" end
  end,
  handler = respond { status = 200, body = "user" },
}
resource "/failing" {
  cors = { origins = { "https://a.example" } },
  simple = function(req) return #req.origin > 3 and req.params.missing.field end,
  handler = respond { status = 200, body = "never" },
}
plugin "rate-limit" { requests = 1000000, per = "address" }
plugin "csrf-guard" {}
plugin "security-headers" {}
plugin "decision-log" { rate = 0.01 }
]],
}

local ROUNDS = wire.is_sanitized() and 20 or 60
local CONNECTIONS = 12

-- What is asked in each round, and the status and ACAO that must come.
local function requests(round)
  local id = round % 10
  local shop = "https://shop" .. id .. ".example"
  local user = "https://u" .. round .. ".users.example"
  return {
    { "GET /shop/" .. id, shop, 200, shop },
    { "GET /shop/" .. id, "https://shop99.example", 200, nil },
    { "OPTIONS /shop/" .. id, shop, 204, shop, "Access-Control-Request-Method: PUT" },
    { "OPTIONS /shop/" .. id, shop, 403, nil,
      "Access-Control-Request-Method: PUT\r\nX-Closed: 1" },
    { "GET /users/" .. round, user, 200, user },
    { "GET /users/0", user, 403, nil },
    { "POST /users/7", "https://evil.example", 403, nil },
    { "GET /failing", "https://a.example", 403, nil },
  }
end

describe("hooks and plugins under load", function()
  it("answer every request of every connection by its own policy", function()
    local server = wire.start({ policy = POLICIES, workers = 2,
      arguments = { "--plugins", wire.plugins } })
    local connections = {}
    for i = 1, CONNECTIONS do
      connections[i] = server:connect()
    end
    for round = 1, ROUNDS do
      for _, connection in ipairs(connections) do
        local pieces = {}
        for _, request in ipairs(requests(round)) do
          local more = request[5] and request[5] .. "\r\n" or ""
          pieces[#pieces + 1] = request[1] .. " HTTP/1.1\r\nHost: h.example\r\nOrigin: "
            .. request[2] .. "\r\n" .. more .. "\r\n"
        end
        connection:send(table.concat(pieces))
      end
      for _, connection in ipairs(connections) do
        for _, request in ipairs(requests(round)) do
          local answer = connection:read(request[1]:match("^%S+"))
          local what = request[1] .. " of " .. request[2]
          assert.equal(request[3], answer.status, what)
          assert.equal(request[4], answer:get("Access-Control-Allow-Origin"), what)
        end
      end
    end
    server:assert_alive()
    server:stop()
  end)
end)
