--- What RFC 9112 lets no server accept: each is refused and the connection closed, so that
-- nothing behind it can be taken for a request.

local malformed = require("tests.wire.support.malformed")
local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")

local POLICY = [[
resource "/{$}" { handler = "echo", cors = { origins = { "https://a.example" } } }
resource "/smuggled" { handler = respond { status = 200, body = "smuggled" } }
]]

local TAIL = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

describe("framing:", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  for _, row in ipairs(malformed) do
    it(row.group .. " " .. wire.show(row.name), function()
      rows.check(server, {
        row.name,
        send = row.bytes .. TAIL,
        method = "GET",
        status = row.status,
        closes = true,
        cors = false,
        log = { reason = function(reason)
          return not tostring(reason):find("^%l[%l%d-]+$") and "no code" or nil
        end },
      })
    end)
  end

  it("legal values beyond ASCII, tabs and spaces at the ends are accepted", function()
    rows.check(server, { line = "GET /", fields = { "Host: a", "X-A: \xe9\x80", "X-B:\t b\tc \t",
      "X-C:", "x!#$%&'*+-.^_`|~9: d" }, status = 200 })
  end)

  it("a body that reads like a request is a body", function()
    local connection = server:connect()
    connection:request("POST /", { "Host: a", "Content-Length: " .. #TAIL }, TAIL)
    assert.equals(#TAIL, wire.decode(connection:read("POST").body).body_length)
    connection:assert_as_announced()
  end)

  it("content of GET, HEAD and DELETE is content", function()
    for _, method in ipairs({ "GET", "HEAD", "DELETE" }) do
      local connection = server:connect()
      connection:request(method .. " /", { "Host: a", "Content-Length: " .. #TAIL }, TAIL)
      assert.equals(200, connection:read(method).status)
      connection:assert_as_announced()
    end
  end)

  it("content behind 404, 405, 501 and 403 is no request", function()
    for _, row in ipairs({ { "POST /nowhere", 404 }, { "BREW /", 501 }, { "PURGE /", 501 },
      { "OPTIONS /", 400 } }) do
      for _, framing in ipairs({ "Content-Length: " .. #TAIL, "Transfer-Encoding: chunked" }) do
        local content = framing:find("chunked")
          and string.format("%x\r\n%s\r\n0\r\n\r\n", #TAIL, TAIL) or TAIL
        local answer, connection = server:exchange(row[1] .. " HTTP/1.1\r\nHost: a\r\n" .. framing
          .. "\r\n\r\n" .. content)
        assert.equals(row[2], answer.status, row[1] .. " " .. framing)
        connection:assert_as_announced()
      end
    end
  end)
end)
