--- The built-in handlers: echo, respond, none; HEAD; statuses without content.

local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")

local POLICY = [[
resource "/echo/{id}/{rest...}" { handler = "echo", cors = { origins = { "https://a.example" } } }
resource "/hello" { handler = respond {
  status = 200,
  fields = { ["Content-Type"] = "text/plain; charset=utf-8", ["X-Two"] = "b" },
  body = "hello\n",
} }
resource "/empty" { handler = respond { status = 200 } }
resource "/created" { handler = respond { status = 201, body = "made\n" } }
resource "/moved" { handler = respond { status = 308, fields = { Location = "/hello" } } }
resource "/gone" { handler = respond { status = 410, body = "gone\n" } }
resource "/no-content" { handler = respond { status = 204 } }
resource "/not-modified" { handler = respond { status = 304, fields = { ETag = '"1"' } } }
resource "/error" { handler = respond { status = 503, body = "later\n" } }
resource "/none" { handler = "none" }
resource "/default" {}
]]

describe("handler", function()
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

  local function echo(line, fields, content)
    local answer = server:ask(line, fields, content)
    assert.equals(200, answer.status, answer.head)
    assert.matches("^application/json", answer:get("Content-Type"))
    return wire.decode(answer.body)
  end

  it("echo tells method, target, path, query, parameters and host", function()
    local told = echo("GET /echo/7/x/y%2e?a=b&c=%20", { "Host: Api.Example:81" })
    assert.equals("GET", told.method)
    assert.equals("/echo/7/x/y%2e?a=b&c=%20", told.target)
    assert.equals("/echo/7/x/y.", told.path)
    assert.equals("a=b&c=%20", told.query)
    assert.same({ id = "7", rest = "x/y." }, told.params)
    assert.equals("api.example:81", told.host:lower())
  end)

  it("echo tells the HTTP version", function()
    local answer, connection = server:exchange("GET /echo/1/ HTTP/1.0\r\n\r\n")
    connection:close()
    local old, new = wire.decode(answer.body).http_version, echo("GET /echo/1/").http_version
    assert.matches("1%.0$", old)
    assert.matches("1%.1$", new)
  end)

  it("echo tells kind, origin, decision and reason", function()
    local told = echo("GET /echo/1/", { "Host: a", "Origin: https://a.example" })
    assert.equals("simple", told.kind)
    assert.equals("https://a.example", told.origin)
    assert.equals("allow", told.decision)
    assert.equals("simple-allowed", told.reason)
    told = echo("GET /echo/1/")
    assert.equals("none", told.kind)
    assert.equals("not-cors", told.decision)
    assert.equals("no-origin", told.reason)
  end)

  it("echo tells fields in order, repeated ones too, names as sent", function()
    local told = echo("GET /echo/1/", { "Host: a", "x-B: 2", "X-A: 1", "x-b:3", "X-Empty:" })
    assert.same({ { "Host", "a" }, { "x-B", "2" }, { "X-A", "1" }, { "x-b", "3" },
      { "X-Empty", "" } }, told.headers)
  end)

  it("echo masks Cookie and Authorization", function()
    local told = echo("GET /echo/1/", { "Host: a", "cookie: s=1", "Authorization: Basic eA==" })
    assert.same({ { "Host", "a" }, { "cookie", "***" }, { "Authorization", "***" } }, told.headers)
  end)

  it("echo shows them with --echo-secrets", function()
    local open = wire.start({ policy = POLICY, arguments = { "--echo-secrets" } })
    local told = wire.decode(open:ask("GET /echo/1/", { "Host: a", "Cookie: s=1" }).body)
    open:stop()
    assert.same({ { "Host", "a" }, { "Cookie", "s=1" } }, told.headers)
  end)

  it("echo gives back content as UTF-8, or as base64 where it is none", function()
    local told = echo("POST /echo/1/", { "Host: a", "Content-Length: 6" }, "h\xc3\xa9\"\\\n")
    assert.equals("h\xc3\xa9\"\\\n", told.body)
    assert.equals("utf-8", told.body_encoding)
    assert.equals(6, told.body_length)
    told = echo("POST /echo/1/", { "Host: a", "Content-Length: 4" }, "\0\xff\xfe\x01")
    assert.equals("AP/+AQ==", told.body)
    assert.equals("base64", told.body_encoding)
    assert.equals(4, told.body_length)
  end)

  it("echo gives back octets beyond ASCII in fields as valid JSON", function()
    local answer = server:ask("GET /echo/1/", { "Host: a", "X-Raw: \xff\xfe\"\\" })
    assert.is_truthy(utf8.len(answer.body), "the body is no UTF-8")
    assert.is_table(wire.decode(answer.body))
  end)

  for _, row in ipairs({
    { "respond: status, fields and body", line = "GET /hello", status = 200, body = "hello\n",
      equal = { ["Content-Type"] = "text/plain; charset=utf-8", ["X-Two"] = "b",
        ["Content-Length"] = "6" } },
    { "respond: 200 without a body", line = "GET /empty", status = 200, body = "",
      equal = { ["Content-Length"] = "0" } },
    { "respond: 201", line = "POST /created", status = 201, body = "made\n" },
    { "respond: a redirect", line = "GET /moved", status = 308, equal = { Location = "/hello" } },
    { "respond: 410", line = "GET /gone", status = 410, body = "gone\n" },
    { "respond: 503", line = "GET /error", status = 503, body = "later\n" },
    { "respond: 204 has neither content nor length", line = "GET /no-content", status = 204,
      absent = { "Content-Length", "Transfer-Encoding" }, body = "" },
    { "respond: 304 has no content", line = "GET /not-modified", status = 304,
      equal = { ETag = '"1"' }, absent = { "Transfer-Encoding" }, body = "" },
    { "respond reads and drops content", line = "POST /hello",
      fields = { "Host: a", "Content-Length: 5" }, content = "abcde", status = 200,
      body = "hello\n" },
    { "respond drops chunked content", line = "PUT /hello",
      fields = { "Host: a", "Transfer-Encoding: chunked" }, content = "3\r\nabc\r\n0\r\n\r\n",
      status = 200, body = "hello\n" },
    { "none: 404", line = "GET /none", status = 404 },
    { "no handler and no upstream: 404", line = "GET /default", status = 404 },
  }) do
    it(row[1], function()
      rows.check(server, row)
    end)
  end

  for _, path in ipairs({ "/hello", "/empty", "/created", "/moved", "/gone", "/no-content",
    "/not-modified", "/error", "/none", "/nowhere" }) do
    it("HEAD " .. path .. " has the fields of GET and no content", function()
      local connection = server:connect()
      local answers = {}
      for _, method in ipairs({ "GET", "HEAD" }) do
        connection:request(method .. " " .. path)
        answers[method] = connection:read(method)
      end
      connection:assert_as_announced()
      assert.equals(answers.GET.status, answers.HEAD.status)
      local function without_date(answer)
        local kept = {}
        for _, field in ipairs(answer.fields) do
          kept[#kept + 1] = field[1] ~= "Date" and field[1] .. ": " .. field[2] or nil
        end
        return kept
      end
      assert.same(without_date(answers.GET), without_date(answers.HEAD))
    end)
  end

  it("HEAD of echo is a head alone", function()
    rows.check(server, { line = "HEAD /echo/1/", status = 200, body = "" })
  end)
end)
