--- Preflights: what is allowed, what is told, what is refused, and in which form.

local wire = require("tests.wire.support")
local rows = require("tests.wire.support.rows")

local POLICY = [[
resource "/r" { methods = { "GET", "PUT", "DELETE", "PATCH" }, handler = "echo", cors = {
  origins = { "https://a.example" }, methods = { "PUT", "PATCH" },
  headers = { "X-Beta", "Content-Type", "X-Alpha" }, expose = { "X-Id" }, max_age = 600 } }
resource "/credentials" { methods = { "GET", "PUT" }, handler = "echo", cors = {
  origins = { "https://a.example" }, headers = { "X-A" }, credentials = true } }
resource "/all" { methods = { "GET", "POST", "PUT" }, handler = "echo", cors = {
  origins = { "https://a.example" } } }
resource "/star" { methods = { "GET", "PUT" }, handler = "echo", cors = {
  origins = "*", headers = "*", max_age = 5 } }
resource "/any-header" { methods = { "GET", "PUT" }, handler = "echo", cors = {
  origins = { "https://a.example" }, headers = "*", credentials = true } }
resource "/any-method" { methods = { "GET", "PUT", "PURGE" }, handler = "echo", cors = {
  origins = { "https://a.example" }, methods = "*", credentials = true } }
resource "/zero" { methods = { "GET" }, handler = "echo", cors = {
  origins = { "https://a.example" }, max_age = 0 } }
resource "/ok" { methods = { "PUT" }, handler = "echo", cors = {
  origins = { "https://a.example" }, status = 200 } }
resource "/reject" { methods = { "PUT", "DELETE" }, handler = "echo", cors = {
  origins = { "https://a.example" }, methods = { "PUT" }, on_denied = "reject" } }
resource "/post" { methods = { "POST" }, handler = "echo", cors = {
  origins = { "https://a.example" }, methods = {} } }
resource "/slow/{rest...}" { methods = { "GET" }, handler = "echo", cors = {
  origins = { "https://a.example" }, methods = { "GET" } } }
]]

local THREE = { "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers" }
local FINE = "https://a.example"

describe("preflight", function()
  local server
  setup(function()
    server = wire.start({ policy = POLICY, arguments = { "--public-origin", "https://s.example" } })
  end)
  teardown(function()
    server:stop()
  end)
  after_each(function()
    server:assert_alive()
  end)

  -- path, asked method (nil: none), asked names (a string, a list of lines, or nil), origin.
  local function check(name, asked, expected)
    it(name, function()
      local fields = { "Host: h.example", "Origin: " .. (asked.origin or FINE) }
      if asked.method then
        fields[#fields + 1] = "Access-Control-Request-Method: " .. asked.method
      end
      local names = type(asked.names) == "string" and { asked.names } or asked.names or {}
      for _, line in ipairs(names) do
        fields[#fields + 1] = "Access-Control-Request-Headers: " .. line
      end
      for _, line in ipairs(asked.more or {}) do
        fields[#fields + 1] = line
      end
      local row = { name, line = "OPTIONS " .. asked[1], fields = fields, body = "" }
      for key, value in pairs(expected) do
        row[key] = value
      end
      if row.status == 400 then
        row.body = nil
      end
      rows.check(server, row)
    end)
  end

  describe("allowed:", function()
    check("all fields, whole lists, in declared case and order", { "/r", method = "PUT",
      names = "x-alpha" }, { status = 204, has = { Vary = THREE },
      equal = { ["Access-Control-Allow-Origin"] = FINE,
        ["Access-Control-Allow-Headers"] = "X-Beta, Content-Type, X-Alpha",
        ["Access-Control-Max-Age"] = "600",
        Allow = "GET, HEAD, PUT, DELETE, PATCH, OPTIONS" },
      absent = { "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers",
        "Content-Length", "Transfer-Encoding", "Timing-Allow-Origin" },
      log = { kind = "preflight", decision = "allow", reason = "preflight-allowed",
        status = 204 } })
    check("ACAM: the rule's methods, and those of GET, HEAD, POST that the resource has",
      { "/r", method = "PATCH" }, { status = 204,
        has = { ["Access-Control-Allow-Methods"] = { "PUT", "PATCH", "GET", "HEAD" } },
        lacks = { ["Access-Control-Allow-Methods"] = { "DELETE", "POST", "OPTIONS" } } })
    check("ACAM: all of the resource's, where the rule names none", { "/all", method = "PUT" },
      { status = 204, has = { ["Access-Control-Allow-Methods"] = { "GET", "HEAD", "POST", "PUT" } },
        lacks = { ["Access-Control-Allow-Methods"] = { "OPTIONS", "DELETE" } } })
    check("no names allowed: no ACAH", { "/all", method = "PUT" }, { status = 204,
      absent = { "Access-Control-Allow-Headers", "Access-Control-Max-Age" } })
    check("credentials", { "/credentials", method = "PUT", names = "x-a" }, { status = 204,
      equal = { ["Access-Control-Allow-Origin"] = FINE,
        ["Access-Control-Allow-Credentials"] = "true" } })
    check("max_age 0 is sent", { "/zero", method = "GET" }, { status = 204,
      equal = { ["Access-Control-Max-Age"] = "0" } })
    check("status 200 has a length", { "/ok", method = "PUT" }, { status = 200,
      equal = { ["Content-Length"] = "0" } })
    for _, method in ipairs({ "GET", "HEAD", "POST" }) do
      check(method .. " is never refused", { "/r", method = method, names = "x-alpha" },
        { status = 204, equal = { ["Access-Control-Allow-Origin"] = FINE },
          log = { decision = "allow", reason = "preflight-allowed" } })
    end
    check("POST where only POST is", { "/post", method = "POST" }, { status = 204,
      log = { decision = "allow" } })
    check("with the fields that browsers add", { "/r", method = "PUT", more = {
      "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: empty",
      "Accept: */*", "User-Agent: x", "Cache-Control: no-cache", "Referer: https://a.example/" } },
      { status = 204, log = { decision = "allow" } })
    check("names in any case, order, number, with spaces and empty elements", { "/r",
      method = "PUT", names = " X-BETA ,,x-alpha\t,\tX-Alpha , content-type," },
      { status = 204, log = { decision = "allow" } })
    check("names over several lines", { "/r", method = "PUT",
      names = { "x-alpha", "x-beta,", ",content-type" } },
      { status = 204, log = { decision = "allow" } })
    check("an empty list of names", { "/r", method = "PUT", names = "" },
      { status = 204, log = { decision = "allow" } })
    check("of a path with parameters and a query", { "/slow/x/y?z=1", method = "GET" },
      { status = 204, log = { decision = "allow" } })
  end)

  describe("with *:", function()
    check("origin * and headers *", { "/star", method = "PUT", names = "x-anything",
      origin = "https://any.example" }, { status = 204,
      equal = { ["Access-Control-Allow-Origin"] = "*" }, lacks = { Vary = { "Origin" } },
      has = { ["Access-Control-Allow-Headers"] = { "*" } } })
    check("origin *, malformed Origin", { "/star", method = "PUT", origin = "x y" },
      { status = 204, equal = { ["Access-Control-Allow-Origin"] = "*" } })
    check("headers * with credentials: the asked names", { "/any-header", method = "PUT",
      names = "x-one,x-two" }, { status = 204,
      has = { ["Access-Control-Allow-Headers"] = { "x-one", "x-two" } },
      lacks = { ["Access-Control-Allow-Headers"] = { "*" } } })
    check("methods * with credentials: the resource's methods", { "/any-method", method = "PURGE" },
      { status = 204, has = { ["Access-Control-Allow-Methods"] = { "GET", "PUT", "PURGE" } },
        lacks = { ["Access-Control-Allow-Methods"] = { "*" } } })
  end)

  describe("of a refused origin:", function()
    for _, row in ipairs({
      { "https://evil.example", "origin-denied" }, { "http://a.example", "origin-denied" },
      { "null", "origin-null-denied" }, { "https://a.example/", "origin-malformed" },
      { "", "origin-malformed" }, { "https://a.example, https://a.example", "origin-malformed" },
    }) do
      for _, path in ipairs({ "/r", "/credentials", "/reject" }) do
        check(path .. " '" .. row[1] .. "'", { path, method = "PUT", origin = row[1] },
          { status = 403, cors = false, has = { Vary = THREE, Allow = { "PUT", "OPTIONS" } },
            log = { kind = "preflight", decision = "deny", reason = row[2], status = 403 } })
      end
    end
    check("even for GET", { "/r", method = "GET", origin = "https://evil.example" },
      { status = 403, cors = false })
  end)

  describe("of a fine origin, refused for", function()
    local told = { ["Access-Control-Allow-Origin"] = FINE,
      ["Access-Control-Allow-Headers"] = "X-Beta, Content-Type, X-Alpha" }
    check("its method: the true list is told", { "/r", method = "DELETE" }, { status = 204,
      equal = told, lacks = { ["Access-Control-Allow-Methods"] = { "DELETE" } },
      has = { ["Access-Control-Allow-Methods"] = { "PUT", "PATCH" }, Vary = THREE },
      log = { decision = "deny", reason = "method-denied", kind = "preflight" } })
    check("a method the resource lacks", { "/r", method = "PURGE" }, { status = 204, equal = told,
      lacks = { ["Access-Control-Allow-Methods"] = { "PURGE" } },
      log = { decision = "deny", reason = "method-denied" } })
    check("a method in another case", { "/r", method = "patch" }, { status = 204,
      log = { decision = "deny", reason = "method-denied" } })
    check("a name: the true list is told", { "/r", method = "PUT", names = "x-alpha,x-evil" },
      { status = 204, equal = told,
        lacks = { ["Access-Control-Allow-Headers"] = { "x-evil" } },
        log = { decision = "deny", reason = "header-denied" } })
    check("the name * where * is not the rule", { "/r", method = "PUT", names = "*" },
      { status = 204, lacks = { ["Access-Control-Allow-Headers"] = { "*" } },
        log = { decision = "deny", reason = "header-denied" } })
    check("Authorization under *", { "/star", method = "GET", names = "authorization" },
      { status = 204, log = { decision = "deny", reason = "header-denied" } })
    check("its method, under reject: the browser is told just so", { "/reject",
      method = "DELETE" }, { status = 204,
      lacks = { ["Access-Control-Allow-Methods"] = { "DELETE" } },
      log = { decision = "deny", reason = "method-denied" } })
  end)

  describe("malformed:", function()
    local function names(count)
      local list = {}
      for index = 1, count do
        list[index] = "x-" .. index
      end
      return table.concat(list, ",")
    end
    local function refused(name, asked, reason)
      asked[1] = "/r"
      asked.method = asked.method or "PUT"
      check(name, asked, { status = 400, cors = false, log = { status = 400, reason = reason } })
    end
    for _, method in ipairs({ "P UT", "PUT,GET", "P(UT", "\"PUT\"", "PUT;q=1", "P\xc3\x9cT",
      "" }) do
      refused("method '" .. wire.show(method) .. "'", { method = method }, "acrm-malformed")
    end
    refused("two lines of method", { more = { "Access-Control-Request-Method: PUT" } },
      "acrm-malformed")
    for _, value in ipairs({ "x-a x-b", "x-a;x-b", "\"x-a\"", "x-a,(", "x\xc3\xa9", "x-a:b",
      "x/y" }) do
      refused("names '" .. wire.show(value) .. "'", { names = value }, "acrh-malformed")
    end
    refused("257 names", { names = names(257) }, "acrh-too-large")
    refused("names of more than 8 KiB", { names = "x-" .. ("y"):rep(8192) }, "acrh-too-large")
    refused("65 empty elements", { names = "x-alpha" .. (","):rep(66) .. "x-beta" },
      "acrh-too-large")
    check("256 names are read", { "/r", method = "PUT", names = names(256) },
      { status = 204, log = { reason = "header-denied" } })
    check("64 empty elements are read", { "/r", method = "PUT",
      names = "x-alpha" .. (","):rep(65) .. "x-beta" },
      { status = 204, log = { decision = "allow" } })
  end)

  it("is answered by itself: the answer to the actual request does not depend on it", function()
    local connection = server:connect()
    connection:request("OPTIONS /r", { "Host: a", "Origin: " .. FINE,
      "Access-Control-Request-Method: DELETE" })
    assert.equals(204, connection:read("OPTIONS").status)
    connection:request("DELETE /r", { "Host: a", "Origin: " .. FINE })
    local answer = connection:read("DELETE")
    assert.equals(200, answer.status)
    assert.equals(FINE, answer:get("Access-Control-Allow-Origin"))
    connection:close()
  end)
end)
