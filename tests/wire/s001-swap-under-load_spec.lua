--- Two policy sets take turns by SIGHUP while every answer of many connections is read: each is
-- wholly of one of them, as its Moongate-Revision says, none fails, and no connection ends.
--
-- tests/unit/server/test_swap_load.c does the same in one process, with more load and more swaps.

local swap = require("tests.wire.support.swap")
local wire = require("tests.wire.support")

local function policy(side, methods, age)
  return ([[
resource "/" { cors = { origins = { "https://a.example" } }, handler = "none" }
resource "/plain" {
  methods = { %s },
  cors = { origins = { "https://SIDE.example", "https://both.example" }, max_age = %d },
  handler = respond { status = 200, fields = { ["X-Side"] = "SIDE" }, body = "plain SIDE" },
}
resource "/lua/{who}" {
  cors = { origins = function() return { "https://SIDE.example", "https://both.example" } end },
  simple = function(req) if req.params.who == "no" then return deny "not-SIDE" end end,
  handler = respond { status = 201, body = "lua SIDE" },
}
]]):format(methods, age):gsub("SIDE", side)
end

local POLICIES = {
  policy("a", '"GET", "PUT"', 100),
  policy("b", '"GET", "POST", "DELETE"', 2000),
}
local BROKEN = 'resource "/plain" { cors = { origins = { "https://a.example/" } } }'

local function request(line, origin, more)
  return line .. " HTTP/1.1\r\nHost: h\r\nOrigin: https://" .. origin .. ".example\r\n"
    .. (more or "") .. "\r\n"
end

local REQUESTS = {
  request("GET /plain", "a"),
  request("GET /plain", "b"),
  request("OPTIONS /plain", "both", "Access-Control-Request-Method: PUT\r\n"),
  request("OPTIONS /plain", "both", "Access-Control-Request-Method: DELETE\r\n"),
  request("GET /lua/yes", "both"),
  request("GET /lua/no", "both"),
  request("POST /plain", "both", "Content-Length: 4\r\n") .. "abcd",
  request("GET /nowhere", "both"),
}

local IS_LONG = (tonumber(os.getenv("MG_PROPERTY_CASES")) or 0) >= 1000
local SWAPS = IS_LONG and 1000 or wire.is_sanitized() and 12 or 60
local CONNECTIONS = 8

-- What a set answers when it is alone.
local function learn(server)
  local load = swap.load(server, 1, REQUESTS)
  local answers, revision = {}, nil
  load:round(function(position, answer)
    answers[position] = swap.normal(answer)
    revision = revision or answer:get("Moongate-Revision")
    assert.equal(revision, answer:get("Moongate-Revision"))
  end)
  load:close()
  return revision, answers
end

-- Rounds of load until `is_over` says so, with every answer held to the revision it names.
local function run(load, expected, is_over)
  local rounds = 0
  repeat
    rounds = rounds + 1
    assert(rounds < 20000, "it does not come to an end")
    load:round(function(position, answer)
      local revision = answer:get("Moongate-Revision")
      assert(expected[revision], "an unknown revision: " .. tostring(revision))
      assert.equal(expected[revision][position], swap.normal(answer))
    end)
  until is_over()
end

describe("two policy sets that take turns under load", function()
  it("never mix, fail or close", function()
    local server = wire.start({ policy = POLICIES[1], workers = 2, arguments = {
      "--revision-field", "on", "--settle", "0s", "--watch", "off" } })
    local revisions, expected = {}, {}
    for side, text in ipairs(POLICIES) do
      swap.replace(swap.path(server), text)
      server.process:signal("HUP")
      if side > 1 then
        swap.wait_revision(server, revisions[1])
      end
      local revision, answers = learn(server)
      revisions[side], expected[revision] = revision, answers
    end
    local load = swap.load(server, CONNECTIONS, REQUESTS)
    local resident
    for turn = 1, SWAPS do
      local side = 1 + turn % 2
      if turn % 10 == 5 then
        local mark = swap.mark(server)
        swap.replace(swap.path(server), BROKEN)
        server.process:signal("HUP")
        run(load, expected, function()
          return server.process:stderr():find("result=invalid", mark, true)
        end)
      end
      swap.replace(swap.path(server), POLICIES[side])
      server.process:signal("HUP")
      run(load, expected, function()
        return swap.revision(server) == revisions[side]
      end)
      if turn == 100 then
        resident = server.process:proc_status("VmRSS")
      end
    end
    if resident and not wire.is_sanitized() then
      local now = server.process:proc_status("VmRSS")
      assert(now <= resident * 1.05, ("%d KiB after 100 swaps, %d after %d"):format(resident, now,
        SWAPS))
    end
    load:close()
    server:assert_alive()
    server:stop()
  end)
end)
