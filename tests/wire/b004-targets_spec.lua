--- Request targets: forms, normal form, Host, and the resource that is found.

local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")

local POLICY = [[
local open = { origins = { "https://a.example" } }
local function at(pattern, name, more)
  local spec = more or {}
  spec.cors = open
  spec.handler = respond { status = 200, body = name }
  resource(pattern)(spec)
end
at("/a", "a")
at("/a/", "a-tree")
at("/a/{id}", "a-id")
at("/a/b", "a-b")
at("/exact/{$}", "exact")
at("/dir/x", "dir-x")
at("//twice", "twice")
at("host.example/a", "host-a")
at("/slash/{name}", "slash", { encoded_slash = true })
resource "/echo/{rest...}" { handler = "echo", cors = open }
]]

describe("target", function()
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

  -- What a target finds: the body of the resource, or a status.
  for _, row in ipairs({
    { "/a", "a" }, { "/a/", "a-tree" }, { "/a/x", "a-id" }, { "/a/b", "a-b" },
    { "/a/b/c", "a-tree" }, { "/a?x=/y", "a" }, { "/a?", "a" }, { "/a/b?..%2F..", "a-b" },
    { "/exact/", "exact" }, { "/exact", 404 }, { "/exact/x", 404 },
    { "/dir/./x", "dir-x" }, { "/dir/y/../x", "dir-x" }, { "/dir/y/%2e%2e/x", "dir-x" },
    { "/dir/y/.%2E/x", "dir-x" }, { "/%64ir/%78", "dir-x" }, { "/../../dir/x", "dir-x" },
    { "/dir/x/", 404 }, { "/dir//x", 404 }, { "//twice", "twice" }, { "/twice", 404 },
    { "/A", 404 }, { "/", 404 },
    { "/slash/x%2Fy", "slash" }, { "/slash/x%2fy", "slash" }, { "/a/x%2Fy", 400 },
    { "/nowhere%2Fx", 400 }, { "/slash/x%5Cy", 400 }, { "/a/%00", 400 }, { "/a\\b", 400 },
    { "/a/%", 400 }, { "/a/%2", 400 }, { "/a/%zz", 400 }, { "/a#b", 400 }, { "/a?x#y", 400 },
    { "/a\xc3\xa9", 400 }, { "/a\x01", 400 }, { "/a\x7f", 400 }, { "/a/<x>", 400 },
    { "/a/\"x\"", 400 }, { "/a/{x}", 400 }, { "a", 400 }, { "?x", 400 }, { "*", 400 },
    { "a.example:80", 400 }, { "http:/a", 400 }, { "http:///a", 400 }, { "ftp://a.example/a", 400 },
    { "http://user@host.example/a", 400 }, { "http://host.example:port/a", 400 },
  }) do
    it("GET " .. wire.show(row[1]) .. " finds " .. row[2], function()
      local refused = type(row[2]) == "number"
      rows.check(server, {
        row[1],
        line = "GET " .. row[1],
        fields = { "Host: a", "Origin: https://a.example" },
        status = refused and row[2] or 200,
        body = not refused and row[2] or nil,
        cors = not refused and nil,
        closes = nil,
      })
    end)
  end

  it("400 for a target has no CORS fields", function()
    rows.check(server, { line = "GET /a#b", fields = { "Host: a", "Origin: https://a.example" },
      status = 400, cors = false })
  end)

  for _, row in ipairs({
    { "absolute-form replaces Host", "GET http://host.example/a", "Host: other.example", "host-a" },
    { "absolute-form with a port", "GET http://host.example:81/a", "Host: x", "host-a" },
    { "absolute-form in any case", "GET HTTP://Host.EXAMPLE/a", "Host: x", "host-a" },
    { "absolute-form on another host", "GET http://other.example/a", "Host: host.example", "a" },
    { "host in any case", "GET /a", "Host: HOST.Example", "host-a" },
    { "host with a port", "GET /a", "Host: host.example:8080", "host-a" },
    { "other host", "GET /a", "Host: other.example", "a" },
    { "IPv6 host", "GET /a", "Host: [::1]:80", "a" },
  }) do
    it(row[1], function()
      rows.check(server, { line = row[2], fields = { row[3] }, status = 200, body = row[4] })
    end)
  end

  it("absolute-form without a path means /", function()
    rows.check(server, { line = "GET http://host.example", fields = { "Host: x" }, status = 404 })
  end)

  it("the query is untouched, the path is in normal form", function()
    local answer = server:ask("GET /echo/%7Euser/a%20b%e9/./c?x=%7e&y=a+b&z=/../&q=100%&%zz%2F")
    local told = wire.decode(answer.body)
    assert.equals("/echo/~user/a%20b%E9/c", told.path)
    assert.equals("x=%7e&y=a+b&z=/../&q=100%&%zz%2F", told.query)
  end)

  for _, row in ipairs({
    { "no Host", {} },
    { "two Hosts", { "Host: a", "Host: b" } },
    { "two equal Hosts", { "Host: a", "Host: a" } },
    { "a list", { "Host: a, b" } },
    { "a space", { "Host: a b" } },
    { "user information", { "Host: u@a" } },
    { "a path", { "Host: a/b" } },
    { "a port that is no number", { "Host: a:b" } },
    { "open brackets", { "Host: [::1" } },
    { "octets beyond ASCII", { "Host: \xc3\xa9" } },
    { "a backslash", { "Host: a\\b" } },
  }) do
    it("Host with " .. row[1] .. " is 400", function()
      local fields = { "Origin: https://a.example", table.unpack(row[2]) }
      rows.check(server, { line = "GET /a", fields = fields, status = 400, closes = true,
        cors = false })
      table.insert(fields, 1, "X-First: 1")
      rows.check(server, { line = "GET http://host.example/a", fields = fields, status = 400,
        closes = true })
    end)
  end

  it("HTTP/1.0 needs no Host", function()
    local answer, connection = server:exchange("GET /a HTTP/1.0\r\n\r\n")
    connection:assert_closed()
    assert.equals("a", answer.body)
  end)
end)
