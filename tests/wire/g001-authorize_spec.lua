--- Listeners where proxies ask: the answer for a check is the one its original request gets.

local process = require("tests.wire.support.process")
local response = require("tests.wire.support.response")
local wire = require("tests.wire.support")

local POLICY = [[
plugin "gate" {}
resource "/orders/{id}" {
  methods = { "GET", "PUT", "LIST" },
  cors = { origins = { "https://a.example" }, headers = { "X-A" }, expose = { "ETag" },
    credentials = true, max_age = 60, on_denied = "reject" },
  handler = plugin "gate",
}
resource "/withheld" { cors = { origins = { "https://a.example" } }, handler = plugin "gate" }
resource "/any" { cors = { origins = "*" }, handler = plugin "gate" }
resource "/old" { cors = { origins = { "https://a.example" }, status = 200 },
  handler = plugin "gate" }
resource "/own" { handler = plugin "gate" }
resource "/off" { methods = { "GET" }, cors = false, handler = plugin "gate" }
resource "/none" { cors = { origins = { "https://a.example" } }, handler = "none" }
resource "/slash/{rest...}" { cors = { origins = { "https://a.example" } }, encoded_slash = true,
  handler = plugin "gate" }
resource "other.example/" { cors = { origins = { "https://other.example" } },
  handler = plugin "gate" }
resource "/asked" {
  methods = { "GET", "POST" },
  cors = { origins = function(req)
    return req.scheme == "https" and { "https://a.example" } or {}
  end },
  handler = plugin "gate",
  simple = function(req)
    if req.method == "POST" or req:header("X-Deny") then return deny "asked-denied" end
  end,
}
]]
-- Serving, its handler answers; asked, it must not run. Its hook answers where the query says so.
local GATE = [[
return {
  name = "gate", version = "1.0.0", api = 1, capabilities = { "respond" },
  request = function(req)
    local status = req.query and req.query:match("^answer=(%d+)$")
    if status then
      return { status = tonumber(status), body = status ~= "204" and "the hook\n" or nil }
    end
  end,
  handler = function(req)
    return { status = 200, fields = { ["X-Handled"] = "yes" }, body = "handled\n" }
  end,
}
]]

local PLACE = { "X-Forwarded-Host: api.example", "X-Forwarded-Proto: https" }
local A, EVIL = "Origin: https://a.example", "Origin: https://evil.example"

local function start(options)
  local dir = process.make_dir()
  os.execute("mkdir " .. process.quote(dir .. "/gate"))
  process.write_file(dir .. "/gate/plugin.lua", GATE)
  local arguments = { "--plugins", dir, "--trust-proxy", "127.0.0.0/8" }
  for _, argument in ipairs(options) do
    arguments[#arguments + 1] = argument
  end
  local server = wire.start({ policy = POLICY, arguments = arguments, workers = 1 })
  for mode, url in pairs({ authorize = "--authorize", ext = "--ext-authz" }) do
    if table.concat(options, " "):find(url, 1, true) then
      server[mode] = process.poll(20, function()
        local addresses = {}
        for address in server.process:stdout():gmatch("authorizing on ([^\n]+)\n") do
          addresses[#addresses + 1] = address
        end
        return addresses[mode == "ext" and #addresses or 1]
      end)
    end
  end
  server.plugin_dir = dir
  return server
end

local function stop(server)
  server:stop()
  process.remove_dir(server.plugin_dir)
end

-- An exchange with an address that is not among the server's own.
local function connect(server, address)
  local own = #server.addresses + 1
  server.addresses[own] = address
  local connection = server:connect({ address = own })
  server.addresses[own] = nil
  return connection
end

local function check(server, line, fields, content)
  local connection = connect(server, server.authorize)
  local answer = connection:request(line, fields, content):read(line:match("^%S+"))
  connection:close()
  return answer
end

local function asks(method, target, extra)
  local fields = { "Host: check", "X-Forwarded-Method: " .. method, "X-Forwarded-Uri: " .. target }
  for _, list in ipairs({ PLACE, extra or {} }) do
    table.move(list, 1, #list, #fields + 1, fields)
  end
  return fields
end

-- What belongs to a decision: the fields of CORS, Vary and Allow.
local function decided(answer)
  local fields = {}
  for _, field in ipairs(answer.fields) do
    local name = field[1]:lower()
    if name:find("^access%-control%-") or name == "vary" or name == "allow"
        or name == "timing-allow-origin" then
      fields[#fields + 1] = name .. ": " .. field[2]
    end
  end
  table.sort(fields)
  return table.concat(fields, "\n")
end

-- A body of the engine's, less what is another one each time.
local function without_id(body)
  return (body:gsub("%(id %x+%)", "(id)"))
end

-- The original requests: method, target, fields. Each is sent to the serving listener as it is,
-- and asked about.
local ORIGINALS = {
  { "GET", "/orders/1", A },
  { "GET", "/orders/1", EVIL },
  { "GET", "/orders/1" },
  { "GET", "/orders/1", "Origin: null" },
  { "GET", "/orders/1", A, A },
  { "GET", "/orders/1?a=b&c=%2F", A },
  { "HEAD", "/orders/1", A },
  { "HEAD", "/orders/1", EVIL },
  { "PUT", "/orders/1", A },
  { "PUT", "/orders/1", EVIL },
  { "LIST", "/orders/1", A },
  { "DELETE", "/orders/1", A },
  { "POST", "/orders/1", A, "Content-Type: text/plain" },
  { "BREW", "/orders/1", A },
  { "put", "/orders/1", A },
  { "TRACE", "/orders/1", A },
  { "CONNECT", "api.example:443" },
  { "GET", "/withheld", EVIL },
  { "GET", "/withheld", A },
  { "GET", "/any", EVIL },
  { "GET", "/any", "Origin: what is that" },
  { "GET", "/own", EVIL },
  { "GET", "/own", "Origin: https://api.example", "Sec-Fetch-Site: same-origin" },
  { "POST", "/own", "Origin: https://api.example" },
  { "GET", "/off", A },
  { "DELETE", "/off", A },
  { "GET", "/none", A },
  { "GET", "/nothing", A },
  { "BREW", "/nothing", A },
  { "GET", "/asked", A },
  { "GET", "/asked", A, "X-Deny: 1" },
  { "POST", "/asked", A },
  { "GET", "/orders/1?answer=503", A },
  { "GET", "/orders/1?answer=302", A },
  { "OPTIONS", "/orders/1", A, "Access-Control-Request-Method: PUT" },
  { "OPTIONS", "/orders/1", A, "Access-Control-Request-Method: PUT",
    "Access-Control-Request-Headers: x-a, x-b" },
  { "OPTIONS", "/orders/1", EVIL, "Access-Control-Request-Method: PUT" },
  { "OPTIONS", "/orders/1", A, "Access-Control-Request-Method: P T" },
  { "OPTIONS", "/orders/1", A },
  { "OPTIONS", "/old", A },
  { "OPTIONS", "/old", A, "Access-Control-Request-Method: GET" },
  { "OPTIONS", "/off", A, "Access-Control-Request-Method: GET" },
  { "OPTIONS", "/nothing", A, "Access-Control-Request-Method: GET" },
  { "OPTIONS", "*" },
  { "GET", "*" },
  -- Targets that another reader might take for another one.
  { "GET", "/orders/./1", A },
  { "GET", "/x/../orders/1", A },
  { "GET", "/x/%2e%2E/orders/1", A },
  { "GET", "/../../orders/1", A },
  { "GET", "/orders/..", A },
  { "GET", "//orders/1", A },
  { "GET", "/orders%2F1", A },
  { "GET", "/orders/%2F", A },
  { "GET", "/slash/a%2Fb", A },
  { "GET", "/orders/%31", A },
  { "GET", "/orders/%", A },
  { "GET", "/orders/%00", A },
  { "GET", "/orders/%5C", A },
  { "GET", "/orders/a\\b", A },
  { "GET", "/orders/1#x", A },
  { "GET", "/orders/\xc3\xa4", A },
  { "GET", "/orders/%0d%0aX-Injected:%201", A },
  { "GET", "http://api.example/orders/1", A },
  { "GET", "HTTPS://api.example/orders/1", A },
  { "GET", "ftp://api.example/orders/1", A },
  { "GET", "http://u@api.example/orders/1", A },
  { "GET", "api.example/orders/1", A },
  { "GET", "/" .. ("a"):rep(9000), A },
}

describe("a check", function()
  local server
  lazy_setup(function()
    server = start({ "--authorize", "127.0.0.1:0" })
  end)
  lazy_teardown(function()
    stop(server)
  end)
  after_each(function()
    server:assert_alive()
  end)

  for _, original in ipairs(ORIGINALS) do
    local method, target = original[1], original[2]
    local fields = { table.unpack(original, 3) }
    -- The scheme of an absolute target is the proxy's too.
    local proto = target:match("^http:") and "http" or "https"
    it(table.concat({ "is answered as", method, response.show(target:sub(1, 40)),
      table.unpack(fields) }, " "), function()
      local direct = server:ask(method .. " " .. target, { "Host: api.example",
        "X-Forwarded-Proto: " .. proto, table.unpack(fields) })
      local asked = check(server, "GET /", { "Host: check", "X-Forwarded-Method: " .. method,
        "X-Forwarded-Uri: " .. target, "X-Forwarded-Host: api.example",
        "X-Forwarded-Proto: " .. proto, table.unpack(fields) })
      local is_handled = direct:get("X-Handled") ~= nil
      if is_handled then
        assert.equals(200, asked.status)
        assert.equals("", asked.body)
        assert.is_nil(asked:get("X-Handled"))
      else
        assert.equals(direct.status == 200 and 204 or direct.status, asked.status)
        assert.is_true(asked.status ~= 200, "200 is leave to go on")
        if method ~= "HEAD" then
          assert.equals(without_id(direct.body), without_id(asked.body))
        end
      end
      assert.equals(decided(direct), decided(asked))
    end)
  end

  it("with a target beyond the limit is refused as a request is", function()
    assert.equals(414, check(server, "GET /",
      asks("GET", "/" .. ("a"):rep(9000), { A })).status)
  end)

  for _, row in ipairs({
    { "no method", { "X-Forwarded-Uri: /any" }, "original-method-missing" },
    { "no target", { "X-Forwarded-Method: GET" }, "original-target-missing" },
    { "nothing", {}, "original-method-missing" },
    { "an empty method", { "X-Forwarded-Method:", "X-Forwarded-Uri: /any" }, "method-malformed" },
    { "an empty target", { "X-Forwarded-Method: GET", "X-Forwarded-Uri:" }, "target-malformed" },
    { "a method that is no token", { "X-Forwarded-Method: GE T", "X-Forwarded-Uri: /any" },
      "method-malformed" },
    { "two methods", { "X-Forwarded-Method: GET", "X-Forwarded-Method: GET",
      "X-Forwarded-Uri: /any" }, "original-contradictory" },
    { "two targets", { "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any",
      "X-Forwarded-Uri: /own" }, "original-contradictory" },
    { "a target with a space", { "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any /own" },
      "target-malformed" },
    { "a target with a tab", { "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any\t" .. "x" },
      "target-malformed" },
    { "pairs that name two methods", { "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any",
      "X-Original-Method: OPTIONS" }, "original-contradictory" },
    { "pairs that name two targets", { "X-Original-Method: GET", "X-Original-URI: /any",
      "X-Forwarded-Uri: /own" }, "original-contradictory" },
    { "halves of two pairs", { "X-Original-Method: GET", "X-Forwarded-Uri: /any" },
      "original-contradictory" },
    { "URI and URL that differ", { "X-Original-Method: GET", "X-Original-URI: /any",
      "X-Original-URL: https://api.example/own" }, "original-contradictory" },
    { "two hosts", { "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any",
      "X-Original-Host: other.example" }, "original-contradictory" },
    { "an absolute target at another host", { "X-Forwarded-Method: GET",
      "X-Forwarded-Uri: https://other.example/any" }, "original-contradictory" },
    { "an absolute target with another scheme", { "X-Forwarded-Method: GET",
      "X-Forwarded-Uri: http://api.example/any" }, "original-contradictory" },
    { "no host", { "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any" }, "original-host-missing",
      { "X-Forwarded-Proto: https" } },
    { "no scheme", { "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any" },
      "original-scheme-missing", { "X-Forwarded-Host: api.example" } },
    { "a host that is none", { "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any" },
      "host-malformed", { "X-Forwarded-Proto: https", "X-Forwarded-Host: a@b" } },
    { "two joined hosts", { "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any" },
      "host-malformed", { "X-Forwarded-Proto: https", "X-Forwarded-Host: a.example, b.example" } },
    { "a scheme that is none", { "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any" },
      "scheme-malformed", { "X-Forwarded-Proto: gopher", "X-Forwarded-Host: api.example" } },
  }) do
    it("with " .. row[1] .. " is refused", function()
      local fields = { "Host: api.example", A }
      for _, list in ipairs({ row[2], row[4] or PLACE }) do
        table.move(list, 1, #list, #fields + 1, fields)
      end
      local answer = check(server, "GET /any", fields)
      assert.equals(400, answer.status)
      assert.is_truthy(answer.body:find(row[3], 1, true), answer.body)
      assert.equals("", decided(answer))
    end)
  end

  for _, row in ipairs({
    { "the other pair", { "X-Original-Method: PUT", "X-Original-URI: /orders/1" }, PLACE },
    { "both, where they agree", { "X-Original-Method: PUT", "X-Original-URI: /orders/1",
      "X-Forwarded-Method: PUT", "X-Forwarded-Uri: /orders/1", "X-Original-Host: api.example" },
      PLACE },
    { "a URL, which has host and scheme", { "X-Original-Method: PUT",
      "X-Original-URL: https://api.example/orders/1" }, {} },
    { "a WebSocket's scheme", { "X-Forwarded-Method: PUT", "X-Forwarded-Uri: /orders/1" },
      { "X-Forwarded-Host: api.example", "X-Forwarded-Proto: wss" } },
  }) do
    it("by " .. row[1] .. " is answered", function()
      local fields = { "Host: check", A }
      for _, list in ipairs({ row[2], row[3] }) do
        table.move(list, 1, #list, #fields + 1, fields)
      end
      local answer = check(server, "GET /x", fields)
      assert.equals(200, answer.status)
      assert.equals("https://a.example", answer:get("Access-Control-Allow-Origin"))
    end)
  end

  it("routes by the original host", function()
    local fields = { "Host: api.example", "Origin: https://other.example",
      "X-Forwarded-Method: GET", "X-Forwarded-Uri: /x", "X-Forwarded-Proto: https" }
    fields[#fields + 1] = "X-Forwarded-Host: other.example:8443"
    assert.equals(200, check(server, "GET /", fields).status)
    fields[#fields] = "X-Forwarded-Host: api.example"
    assert.equals(404, check(server, "GET /", fields).status)
  end)

  it("knows the original scheme", function()
    for proto, allowed in pairs({ http = false, https = true }) do
      local answer = check(server, "GET /", { "Host: check", A, "X-Forwarded-Method: GET",
        "X-Forwarded-Uri: /asked", "X-Forwarded-Host: api.example",
        "X-Forwarded-Proto: " .. proto })
      assert.equals(200, answer.status)
      assert.equals(allowed and "https://a.example" or nil,
        answer:get("Access-Control-Allow-Origin"))
    end
  end)

  it("may have any method, path and content of its own", function()
    for _, line in ipairs({ "GET /", "POST /none", "HEAD /x?y", "OPTIONS /orders/1",
      "DELETE /nothing", "BREW /a/b" }) do
      assert.equals(200, check(server, line, asks("PUT", "/orders/1", { A })).status, line)
      assert.equals(405, check(server, line, asks("DELETE", "/orders/1", { A })).status, line)
    end
    for _, row in ipairs({ { "GET", "/orders/1", 200 }, { "GET", "/nothing", 404 },
      { "OPTIONS", "/orders/1", 204 }, { "OPTIONS", "/own", 204 } }) do
      local answer = check(server, "POST /", asks(row[1], row[2], { A, "Content-Length: 5" }),
        "hello")
      assert.equals(row[3], answer.status)
    end
  end)

  it("whose content comes late is kept until then", function()
    for _, row in ipairs({ { "PUT", "/orders/1", 200 }, { "DELETE", "/orders/1", 405 } }) do
      local connection = connect(server, server.authorize)
      connection:request("POST /", asks(row[1], row[2], { A, "Content-Length: 5" }), "he")
      connection:assert_silent(0.05)
      local answer = connection:send("llo"):read("POST")
      assert.equals(row[3], answer.status)
      assert.equals("https://a.example", answer:get("Access-Control-Allow-Origin"))
      connection:close()
    end
  end)

  it("leaves its connection for the next ones, in order", function()
    local connection = connect(server, server.authorize)
    local lines = {}
    for _, method in ipairs({ "GET", "DELETE", "PUT", "BREW" }) do
      local fields = asks(method, "/orders/1", { A })
      lines[#lines + 1] = "GET / HTTP/1.1\r\n" .. table.concat(fields, "\r\n") .. "\r\n\r\n"
    end
    connection:send(table.concat(lines))
    local seen = {}
    for _ = 1, 4 do
      seen[#seen + 1] = connection:read("GET").status
    end
    assert.same({ 200, 405, 200, 501 }, seen)
    connection:close()
  end)

  it("is logged as its original request", function()
    local connection = connect(server, server.authorize)
    connection:request("POST /check", asks("PUT", "/orders/7?x", { EVIL,
      "X-Forwarded-For: 203.0.113.9" }))
    assert.equals(403, connection:read("POST").status)
    local record = process.poll(10, function()
      for _, line in ipairs(server:log_lines()) do
        if line:find("/orders/7?x", 1, true) then
          return wire.decode(line)
        end
      end
    end)
    connection:close()
    assert.equals("203.0.113.9", record.remote)
    assert.equals("PUT", record.method)
    assert.equals("origin-denied", record.reason)
    assert.equals("/orders/{id}", record.resource)
  end)

  it("is refused where a plugin answers 2xx: a proxy would go on", function()
    for _, status in ipairs({ 200, 204, 299 }) do
      local answer = check(server, "GET /", asks("GET", "/orders/1?answer=" .. status, { A }))
      assert.equals(403, answer.status)
      assert.is_truthy(answer.body:find("authorize-answer", 1, true), answer.body)
      assert.equals("https://a.example", answer:get("Access-Control-Allow-Origin"))
    end
  end)
end)

describe("who may ask", function()
  local function first_listener(server)
    return process.poll(20, function()
      return server.process:stdout():match("authorizing on ([^\n]+)\n")
    end)
  end

  it("is who is trusted", function()
    local server = wire.start({ policy = 'default { cors = { origins = "*" } }', workers = 1,
      arguments = { "--trust-proxy", "10.0.0.0/8", "--authorize", "127.0.0.1:0" } })
    server.authorize = first_listener(server)
    local answer = check(server, "GET /", asks("GET", "/", { A }))
    assert.equals(403, answer.status)
    assert.is_truthy(answer.body:find("authorize-peer", 1, true), answer.body)
    assert.equals("", decided(answer))
    server:stop()
  end)

  it("may be a peer of a Unix socket", function()
    local dir = process.make_dir()
    for trusted, status in pairs({ unix = 200, ["127.0.0.0/8"] = 403 }) do
      local server = wire.start({ policy = 'default { cors = { origins = "*" } }', workers = 1,
        arguments = { "--trust-proxy", trusted, "--authorize", "unix:" .. dir .. "/s" } })
      server.authorize = first_listener(server)
      assert.equals(status, check(server, "GET /", asks("GET", "/", { A })).status)
      server:stop()
    end
    process.remove_dir(dir)
  end)

  it("has to be said", function()
    for _, flag in ipairs({ "--authorize", "--ext-authz" }) do
      local status, out, err = wire.run({ "serve", "--policy", "POLICY", flag, "127.0.0.1:0" },
        { policy = 'default { cors = { origins = "*" } }' })
      assert.equals(2, status, err)
      assert.equals("", out)
      assert.is_truthy(err:find("authorize-untrusted", 1, true), err)
      assert.is_truthy(err:find("--trust-proxy", 1, true), err)
    end
  end)
end)

describe("a check of Envoy's", function()
  local server
  lazy_setup(function()
    server = start({ "--ext-authz", "127.0.0.1:0", "--health-path", "/-" })
    server.authorize = server.ext
  end)
  lazy_teardown(function()
    stop(server)
  end)

  it("is its own original request", function()
    for _, row in ipairs({
      { "PUT /orders/1", { A }, 200, "https://a.example" },
      { "PUT /orders/1", { EVIL }, 403 },
      { "GET /withheld", { EVIL }, 200 },
      { "DELETE /orders/1", { A }, 405, "https://a.example" },
      { "GET /nothing", { A }, 404 },
      { "OPTIONS /orders/1", { A, "Access-Control-Request-Method: PUT" }, 204,
        "https://a.example" },
      { "OPTIONS /old", { A, "Access-Control-Request-Method: GET" }, 204, "https://a.example" },
      -- What a client writes counts for nothing here.
      { "PUT /orders/1", { EVIL, "X-Forwarded-Method: GET", "X-Forwarded-Uri: /any",
        "X-Original-Method: GET", "X-Original-URI: /any" }, 403 },
      -- Health is for those who ask this server, not for those who come by it.
      { "GET /-/healthz", { A }, 404 },
    }) do
      local answer = check(server, row[1], { "Host: api.example", table.unpack(row[2]) })
      assert.equals(row[3], answer.status, row[1])
      assert.equals(row[4], answer:get("Access-Control-Allow-Origin"), row[1])
    end
  end)
end)

describe("a configuration file", function()
  it("names listeners for checks as it names others", function()
    local dir = process.make_dir()
    local path = process.write_file(dir .. "/moongate.lua",
      'authorize = "127.0.0.1:0"\next_authz = { "127.0.0.1:0" }\ntrust_proxy = "127.0.0.0/8"\n')
    local server = wire.start({ policy = 'default { cors = { origins = "*" } }', workers = 1,
      arguments = { "--config", path } })
    local addresses = {}
    process.poll(20, function()
      addresses = {}
      for address in server.process:stdout():gmatch("authorizing on ([^\n]+)\n") do
        addresses[#addresses + 1] = address
      end
      return #addresses == 2
    end)
    assert.equals(2, #addresses)
    server.authorize = addresses[1]
    assert.equals(200, check(server, "GET /", asks("GET", "/", { A })).status)
    assert.equals(400, check(server, "GET /", { "Host: a", A }).status)
    server.authorize = addresses[2]
    assert.equals(200, check(server, "GET /", { "Host: a", A }).status)
    server:stop()
    process.remove_dir(dir)
  end)
end)
