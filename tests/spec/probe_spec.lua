--- `moongate probe` against live servers on loopback: nginx and Node's `cors` package with known
-- faults, and Moongate itself, which has none.

local servers = require("tests.spec.support.servers")
local wire = require("tests.wire.support")

local APP = "https://app.shop.example"

-- Runs the program with --json. Returns its exit status and the object it printed.
local function probe(...)
  local status, out, err = wire.run({ "probe", "--json", ... })
  assert(out ~= "", "nothing was printed; standard error: " .. err)
  return status, wire.decode(out)
end

-- The findings of an audit as "severity code", worst first, without those of severity info.
local function audit(url, ...)
  local status, report = probe("--audit", "--from", APP, url, ...)
  local found = {}
  for _, finding in ipairs(report.findings) do
    if finding.severity ~= "info" then
      found[#found + 1] = finding.severity .. " " .. finding.code
    end
  end
  local is_bad = report.worst == "high" or report.worst == "medium"
  assert.equals(is_bad and 1 or 0, status, "exit status")
  return table.concat(found, ", "), report
end

-- Fails unless the audit of `url` finds exactly `findings`.
local function expect_findings(url, findings)
  local found, report = audit(url)
  if found ~= findings then
    error(string.format("%s: found %q, expected %q\n%s", url, found, findings,
      wire.json.encode(report.findings)), 2)
  end
end

describe("probe", function()
  local server
  setup(function()
    server = servers.node()
  end)
  teardown(function()
    server:stop()
  end)

  it("reads an answer that is allowed, and exits with 0", function()
    local status, report = probe("--from", APP, server.url .. "/careful")
    assert.equals(0, status)
    assert.equals("readable", report.verdict)
    assert.equals(wire.json.null, report.console)
  end)

  it("sends the preflight that a browser sends, and then the request", function()
    local status, report = probe("--from", APP, "-XPUT", "-H", "Content-Type: application/json",
      server.url .. "/careful")
    assert.equals(0, status)
    assert.equals(2, #report.exchanges)
    assert.equals("OPTIONS", report.exchanges[1].request.method)
    assert.equals(204, report.exchanges[1].response.status)
    assert.equals("PUT", report.exchanges[2].request.method)
  end)

  it("tells why an answer is blocked, as Chromium does, and exits with 1", function()
    local status, report = probe("--from", "https://other.example", server.url .. "/careful")
    assert.equals(1, status)
    assert.equals("blocked", report.verdict)
    assert.equals("acao-missing", report.outcome)
    assert.equals("Access to fetch at '" .. server.url .. "/careful' from origin "
      .. "'https://other.example' has been blocked by CORS policy: No "
      .. "'Access-Control-Allow-Origin' header is present on the requested resource.",
      report.console)
    assert.is_truthy(table.concat(report.fix, " "):find("https://other.example", 1, true))
  end)

  it("blocks a preflight that is answered with 401", function()
    local status, report = probe("--from", APP, "-X", "PUT", server.url .. "/preflight-login")
    assert.equals(1, status)
    assert.equals("preflight-status", report.outcome)
  end)

  it("lets a wildcard pass without credentials only", function()
    local url = server.url .. "/wildcard"
    assert.equals(0, (probe("--from", APP, url)))
    local status, report = probe("--from", APP, "--credentials", "include", url)
    assert.equals(1, status)
    assert.equals("acao-wildcard-credentials", report.outcome)
  end)

  it("prints text with requests, answers, steps and verdict", function()
    local status, out = wire.run({ "probe", "--from", APP, server.url .. "/careful" })
    assert.equals(0, status)
    for _, part in ipairs({ "> GET /careful HTTP/1.1\n", "> Origin: " .. APP .. "\n",
      "< HTTP/1.1 200 OK\n", "< Access-Control-Allow-Origin: " .. APP .. "\n",
      "fetch#concept-cors-check", "readable" }) do
      assert.is_truthy(out:find(part, 1, true), part .. " is not in:\n" .. out)
    end
  end)

  it("puts on the wire what it says, and nothing else", function()
    local rows = {
      { "-X", "PUT", "-H", "X-B: 2", "-H", "x-a:1", "-H", "Content-Type: application/json",
        "-d", '{"a":1}' },
      { "-X", "POST" },
      { "-d", "a=1" },
      { "-X", "HEAD", "-H", "Accept: text/html", "-H", "X-Empty:" },
      { "--browser", "firefox", "-H", "User-Agent: mine" },
    }
    for number, row in ipairs(rows) do
      local path = "/regex-end-open?wire=" .. number
      local _, report = probe("--from", APP, server.url .. path, table.unpack(row))
      local arrived = server:requests(path, #report.exchanges)
      assert.equals(#report.exchanges, #arrived)
      for i, exchange in ipairs(report.exchanges) do
        assert.equals(exchange.request.method, arrived[i].method)
        assert.same(exchange.request.fields, arrived[i].fields)
      end
    end
    local arrived = server:requests("/regex-end-open?wire=1", 2)
    assert.equals('{"a":1}', arrived[2].content)
    assert.equals("", arrived[1].content)
  end)

  it("names itself", function()
    probe(server.url .. "/careful?name")
    local agent
    for _, field in ipairs(server:requests("/careful?name", 1)[1].fields) do
      agent = field[1] == "User-Agent" and field[2] or agent
    end
    assert.matches("Moongate/%d+%.%d+", agent)
  end)

  it("sends cookies with credentials only, and never with a preflight", function()
    local function cookies(count, path, ...)
      probe("--from", APP, "--cookie", "a=1", server.url .. path, ...)
      local sent = {}
      for i, request in ipairs(server:requests(path, count)) do
        for _, field in ipairs(request.fields) do
          sent[i] = field[1] == "Cookie" and field[2] or sent[i] or "none"
        end
      end
      return table.concat(sent, ", ")
    end
    assert.equals("none", cookies(1, "/careful?cookie=1"))
    assert.equals("none, a=1", cookies(2, "/expose-wildcard?cookie=2", "--credentials", "include",
      "-X", "PUT"))
  end)

  it("does not wait for the end of an answer that has none", function()
    for _, path in ipairs({ "/stream", "/endless" }) do
      local begin = wire.process.now()
      assert.equals(0, (probe("--from", APP, server.url .. path)))
      assert.is_true(wire.process.now() - begin < 5, path)
    end
  end)

  it("passes over interim responses and trailers", function()
    local status, report = probe("--from", APP, server.url .. "/interim")
    assert.equals(0, status)
    assert.equals(200, report.exchanges[1].response.status)
    for _, field in ipairs(report.exchanges[1].response.fields) do
      assert.are_not.equal("x-trailer", field[1]:lower())
      assert.are_not.equal("link", field[1]:lower())
    end
  end)

  it("verifies certificates unless told not to", function()
    local secure = servers.node({ tls = true })
    finally(function()
      secure:stop()
    end)
    local status, report = probe("--from", APP, secure.url .. "/careful")
    assert.equals(4, status)
    assert.matches("certificate", table.concat(report.notes, " "))
    assert.equals(0, (probe("--from", APP, "--insecure", secure.url .. "/careful")))
  end)

  it("exits with 4 when no answer comes", function()
    local status, report = probe("--from", APP, server.url .. "/hangs-up")
    assert.equals(4, status)
    assert.equals("network-error", report.outcome)
    assert.equals(4, (probe("--from", APP, "--timeout", "300ms", server.url .. "/silent")))
    local port = servers.free_port()
    assert.equals(4, (wire.run({ "probe", "--audit", "http://127.0.0.1:" .. port .. "/" })))
  end)

  it("exits with 2 on wrong usage, and says why", function()
    local rows = {
      { { "probe" }, "no URL" },
      { { "probe", "ftp://a.example/" }, "no URL that a page can fetch" },
      { { "probe", "--frm", "x", server.url }, "--frm is no option" },
      { { "probe", "--from", "app.example", server.url }, "--from is an origin" },
      { { "probe", "--timeout", "soon", server.url }, "--timeout" },
      { { "probe", "-H", "nothing", server.url }, "NAME: VALUE" },
      { { "probe", server.url, server.url }, "one URL" },
    }
    for _, row in ipairs(rows) do
      local status, _, err = wire.run(row[1])
      assert.equals(2, status, err)
      assert.is_truthy(err:lower():find(row[2]:lower(), 1, true), row[2] .. " is not in: " .. err)
    end
  end)
end)

describe("probe --audit", function()
  describe("of Node's servers", function()
    local server
    setup(function()
      server = servers.node()
    end)
    teardown(function()
      server:stop()
    end)

    -- The package answers every OPTIONS as a preflight.
    local as_preflight = "low options-as-preflight"
    local rows = {
      { "/careful", "" },
      { "/reflect-credentials", "high origin-reflected, high null-allowed, " .. as_preflight },
      { "/reflect", "medium null-allowed, low origin-reflected, low not-found-unreadable, "
        .. as_preflight },
      { "/regex-end-open", "medium origin-suffix, " .. as_preflight },
      { "/regex-start-open", "high origin-prefix, medium origin-downgrade, low origin-subdomain, "
        .. as_preflight },
      { "/regex-dot", "medium origin-dot, " .. as_preflight },
      { "/regex-scheme", "medium origin-downgrade, " .. as_preflight },
      { "/regex-subdomain", as_preflight },
      { "/null", "high null-allowed, " .. as_preflight },
      { "/wildcard", as_preflight },
      { "/wildcard-credentials", "medium wildcard-credentials, " .. as_preflight },
      { "/max-age-negative", as_preflight .. ", low max-age-invalid" },
      { "/max-age-week", as_preflight },
      { "/headers-wildcard", as_preflight .. ", low authorization-wildcard" },
      { "/junk", "medium origin-trailing-junk" },
      { "/several", "medium acao-several" },
      { "/several-lines", "medium acao-several" },
      { "/trailing-slash", "medium acao-invalid" },
      { "/acac-upper-case", "low acac-invalid" },
      { "/acac-alone", "" },
      { "/expose-wildcard", "low expose-wildcard" },
      { "/vary-allowed", "medium vary-missing-allowed" },
      { "/vary-denied", "low vary-missing-denied, low vary-missing-no-origin" },
      { "/cached-denial",
        "medium cached-denial, low vary-missing-denied, low vary-missing-no-origin" },
      { "/preflight-redirect", "medium preflight-redirect" },
      { "/preflight-login", "medium preflight-unauthorized" },
      { "/preflight-405", "medium preflight-status" },
      { "/preflight-bare", "medium preflight-unreadable" },
      { "/preflight-only", "medium actual-unreadable" },
      { "/list-malformed", "medium list-malformed" },
      { "/method-case", "low method-case" },
      { "/private-network", "" },
      { "/lists-everywhere", "" },
      { "/elsewhere", "" },
    }
    for _, row in ipairs(rows) do
      it("finds of " .. row[1] .. ": " .. (row[2] == "" and "nothing above info" or row[2]),
        function()
          expect_findings(server.url .. row[1], row[2])
        end)
    end

    local infos = {
      ["/regex-subdomain"] = "origin-subdomain",
      ["/wildcard"] = "origin-any",
      ["/acac-alone"] = "acac-alone",
      ["/max-age-week"] = "max-age-capped",
      ["/private-network"] = "private-network",
      ["/lists-everywhere"] = "lists-on-actual",
      ["/elsewhere"] = "redirected",
      ["/trailing-slash"] = "nothing-allowed",
      ["/headers-wildcard"] = "headers-any",
    }
    for path, code in pairs(infos) do
      it("tells of " .. path .. ": " .. code, function()
        local _, report = audit(server.url .. path)
        local codes = {}
        for _, finding in ipairs(report.findings) do
          codes[finding.code] = finding.severity
        end
        assert.equals("info", codes[code], wire.json.encode(codes))
      end)
    end

    it("shows the request and the answer, and bounds what it sends", function()
      local _, report = audit(server.url .. "/reflect-credentials")
      assert.is_true(report.requests <= 20)
      local finding = report.findings[1]
      assert.equals("GET", finding.request.method)
      assert.equals(200, finding.response.status)
      local names = {}
      for _, field in ipairs(finding.response.fields) do
        names[field[1]:lower()] = field[2]
      end
      assert.equals("true", names["access-control-allow-credentials"])
    end)

    it("prints text with severity, code, evidence and fix", function()
      local status, out = wire.run({ "probe", "--audit", "--from", APP, server.url .. "/reflect" })
      assert.equals(1, status)
      for _, part in ipairs({ "requests", "medium: the origin null is allowed [null-allowed]\n",
        "  > Origin: null\n", "  < Access-Control-Allow-Origin: null\n", "  fix: " }) do
        assert.is_truthy(out:find(part, 1, true), part .. " is not in:\n" .. out)
      end
    end)

    it("does not follow redirects", function()
      local other = servers.node()
      finally(function()
        other:stop()
      end)
      local to = "?to=" .. other.url .. "/careful"
      audit(server.url .. "/elsewhere" .. to)
      -- A fetch does: what the other server has got is that alone.
      probe("--from", APP, server.url .. "/elsewhere" .. to)
      assert.equals(1, #other:requests("/careful", 1))
    end)
  end)

  describe("of nginx", function()
    local server
    setup(function()
      server = servers.nginx()
    end)
    teardown(function()
      server:stop()
    end)

    local rows = {
      { "/careful", "" },
      { "/reflect", "high origin-reflected, high null-allowed, medium vary-missing-allowed, "
        .. "low vary-missing-no-origin" },
      { "/dot", "medium origin-dot" },
      { "/end-open", "medium origin-suffix" },
      { "/no-vary", "medium vary-missing-allowed, low vary-missing-denied, "
        .. "low vary-missing-no-origin" },
      { "/no-always", "low not-found-unreadable, low method-refused-unreadable" },
      { "/if-drops", "medium preflight-unreadable, low options-as-preflight" },
      { "/slash", "medium preflight-redirect" },
      { "/login", "medium preflight-unauthorized" },
    }
    for _, row in ipairs(rows) do
      it("finds of " .. row[1] .. ": " .. (row[2] == "" and "nothing above info" or row[2]),
        function()
          expect_findings(server.url .. row[1], row[2])
        end)
    end
  end)

  describe("of Moongate", function()
    local server
    setup(function()
      server = wire.start({ policy = [[
        local cors = {
          origins = { "https://app.shop.example" },
          methods = { "GET", "PUT" },
          headers = { "Content-Type", "Authorization" },
          expose = { "ETag" },
          credentials = true,
          max_age = 600,
        }
        resource "/orders" {
          methods = { "GET", "PUT" }, cors = cors,
          handler = respond { status = 200, body = "[]\n" },
        }
        resource "/public" {
          methods = { "GET" }, cors = { origins = "*" },
          handler = respond { status = 200, body = "hello\n" },
        }
        resource "/private" { handler = respond { status = 200, body = "mine\n" } }
        default { cors = cors, handler = "none" }
      ]] })
    end)
    teardown(function()
      server:stop()
    end)

    for _, path in ipairs({ "/orders", "/public", "/private", "/nowhere" }) do
      it("finds nothing above info of " .. path, function()
        expect_findings(server.addresses[1] .. path, "")
      end)
    end

    it("finds nothing above info of an allowed preflight with a body type", function()
      local found = audit(server.addresses[1] .. "/orders", "-X", "PUT", "-H",
        "Content-Type: application/json")
      assert.equals("", found)
    end)
  end)
end)
