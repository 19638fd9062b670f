--- `moongate explain`: whole outputs as they are printed, the members of its JSON, exit codes, and
-- the neutral vectors of a browser's judgement.
--
-- The outputs are kept in tests/spec/explain/NAME.txt, without the date and the folder of the
-- policies; GOLDEN=write in the environment writes them anew.

local wire = require("tests.wire.support")
local process = wire.process

local POLICY = [[
resource "/orders/{id}" {
  methods = { "GET", "PUT" },
  cors = {
    origins = { "https://app.example" },
    headers = { "Content-Type" },
    max_age = 600,
  },
  handler = respond { status = 200, body = "order" },
}
resource "/public" { methods = { "GET" }, cors = { origins = "*" }, handler = respond {
  status = 200, body = "public" } }
resource "/closed" { methods = { "GET", "POST" }, handler = respond { status = 200 } }
resource "/moved" { methods = { "GET" }, cors = { origins = { "https://app.example" } },
  handler = respond { status = 307, fields = { Location = "https://b.example/orders/1" } } }
resource "/proxied" { cors = { origins = { "https://app.example" }, credentials = true },
  handler = "proxy" }
upstream "default" { "http://127.0.0.1:1" }
]]

local FROM = "https://app.example"
local ORDER = "https://api.example/orders/1"

-- Runs explain against the policy; `files`: names and contents of answers, whose names among the
-- arguments stand for their paths. Returns the status, standard output and standard error, with
-- temporary folders taken out.
local function explain(arguments, files)
  local dir = process.make_dir()
  local argv = { "explain" }
  for _, argument in ipairs(arguments) do
    if files and files[argument] then
      argument = process.write_file(dir .. "/" .. argument, files[argument])
    end
    argv[#argv + 1] = argument
  end
  local status, out, err = wire.run(argv, { policy = { ["api.lua"] = POLICY } })
  process.remove_dir(dir)
  local function clean(text)
    text = text:gsub("/[%w/]+/moongate%-wire%.%w+/policies/", "policies/")
    text = text:gsub("/[%w/]+/moongate%-wire%.%w+/", "")
    return (text:gsub("Date: [^\n]*", "Date: NOW"))
  end
  return status, clean(out), clean(err)
end

local function explain_json(arguments, files)
  arguments[#arguments + 1] = "--json"
  local status, out, err = explain(arguments, files)
  assert.equals("", err)
  return wire.decode(out), status
end

local PREFLIGHT = "HTTP/2 204 \r\naccess-control-allow-origin: https://app.example\r\n"
  .. "access-control-allow-methods: PUT\r\n\r\n"

local GOLDEN = {
  { name = "readable", status = 0, "--policy", "POLICY", "--from", FROM, ORDER },
  { name = "preflight", status = 0, "--policy", "POLICY", "--from", FROM, "-X", "PUT",
    "-H", "Content-Type: application/json", "--data", "{}", ORDER },
  { name = "header-denied", status = 1, "--policy", "POLICY", "--from", FROM, "-XPUT",
    "-HX-Token: 1", ORDER },
  { name = "origin-denied", status = 1, "--policy", "POLICY", "--from", "https://b.example",
    "--credentials", "include", "-X", "DELETE", ORDER },
  { name = "no-rule", status = 1, "--policy", "POLICY", "--from", FROM,
    "https://api.example/closed" },
  { name = "no-resource", status = 1, "--policy", "POLICY", "--from", FROM,
    "https://api.example/nowhere" },
  { name = "redirect", status = 1, "--policy", "POLICY", "--from", FROM,
    "https://api.example/moved" },
  { name = "same-origin", status = 0, "--policy", "POLICY", "--from", "https://api.example",
    "-d", "x", "https://api.example/closed" },
  { name = "no-cors", status = 0, "--policy", "POLICY", "--from", FROM, "--mode", "no-cors",
    "-H", "X-Token: 1", "https://api.example/closed" },
  { name = "navigate", status = 0, "--policy", "POLICY", "--from", FROM, "--mode", "navigate",
    "https://api.example/closed" },
  { name = "forbidden", status = 1, "--policy", "POLICY", "--from", FROM, "-X", "TRACE", ORDER },
  { name = "proxied", status = 0, "--policy", "POLICY", "--from", FROM, "--credentials",
    "include", "https://api.example/proxied" },
  { name = "upload-listener", status = 0, "--policy", "POLICY", "--from", FROM,
    "--upload-listener", "-d", "x", "https://api.example/proxied" },
  { name = "answers", status = 1, "--answer", "preflight.txt", "--answer", "actual.txt",
    "--from", FROM, "-X", "PUT", ORDER,
    files = { ["preflight.txt"] = PREFLIGHT, ["actual.txt"] = "HTTP/1.1 502 Bad Gateway\n\n" } },
  { name = "method-denied", status = 1, "--policy", "POLICY", "--from", FROM, "-X", "DELETE",
    ORDER },
  { name = "wildcard-credentials", status = 1, "--policy", "POLICY", "--from", FROM,
    "--credentials", "include", "https://api.example/public" },
  { name = "preflight-redirect", status = 1, "--answer", "preflight.txt", "--from", FROM,
    "-X", "PUT", ORDER, files = { ["preflight.txt"] = "HTTP/1.1 301 Moved Permanently\n"
      .. "Access-Control-Allow-Origin: *\nLocation: https://api.example/orders/1/\n\n" } },
  { name = "preflight-unauthorized", status = 1, "--answer", "preflight.txt", "--from", FROM,
    "-H", "Authorization: Bearer t", ORDER, files = { ["preflight.txt"] =
      "HTTP/1.1 401 Unauthorized\nAccess-Control-Allow-Origin: *\n\n" } },
  { name = "wildcard-authorization", status = 1, "--answer", "preflight.txt", "--answer",
    "actual.txt", "--from", FROM, "-H", "Authorization: Bearer t", ORDER, files = {
      ["preflight.txt"] = "HTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: *\n"
        .. "Access-Control-Allow-Headers: *\n\n",
      ["actual.txt"] = "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *\n\n" } },
  { name = "answer-missing", status = 2, "--answer", "preflight.txt", "--from", FROM,
    "-X", "PUT", ORDER, files = { ["preflight.txt"] = PREFLIGHT } },
  { name = "cached", status = 0, "--answer", "actual.txt", "--cached", "preflight.txt",
    "--from", FROM, "-X", "PUT", ORDER,
    files = { ["preflight.txt"] = PREFLIGHT, ["actual.txt"] = "HTTP/1.1 200 OK\n"
      .. "Access-Control-Allow-Origin: *\nX-Odd: \27[31m\n\n" } },
  { name = "curl", status = 1, "--policy", "POLICY", "--curl",
    "curl '" .. ORDER .. "' -X PUT -H 'origin: https://app.example' -H 'sec-fetch-mode: cors' "
      .. "-H 'authorization: Bearer t' --data-raw '{}' | jq ." },
  { name = "fetch", status = 0, "--policy", "POLICY", "--from", FROM, "--fetch",
    'fetch("/orders/1", { method: "PUT", body: JSON.stringify({ a: 1 }) })' },
}

describe("explain prints", function()
  for _, case in ipairs(GOLDEN) do
    it(case.name, function()
      local path = "tests/spec/explain/" .. case.name .. ".txt"
      local status, out, err = explain(case, case.files)
      if os.getenv("GOLDEN") == "write" then
        process.write_file(path, out)
      end
      assert.equals(process.read_file(path), out)
      assert.equals("", err)
      assert.equals(case.status, status)
    end)
  end
end)

describe("explain --json", function()
  it("tells a preflight that was refused", function()
    local told, status = explain_json({ "--policy", "POLICY", "--from", FROM, "-X", "PUT",
      "-H", "X-Token: 1", "-H", "Cookie: a=b", ORDER })
    assert.equals(1, status)
    assert.equals("preflight", told.kind)
    assert.same({ "x-token" }, told.unsafe_headers)
    assert.same({ "cookie" }, told.dropped_headers)
    assert.equals("OPTIONS", told.preflight.request.method)
    assert.equals("/orders/1", told.preflight.request.target)
    assert.equals("PUT", told.preflight.request.acrm)
    assert.equals("x-token", told.preflight.request.acrh)
    assert.equals(FROM, told.preflight.request.origin)
    assert.same({ "Host", "api.example" }, told.preflight.request.fields[1])
    assert.equals(204, told.preflight.response.status)
    assert.equals("header-denied", told.preflight.outcome)
    assert.equals(wire.json.null, told.actual)
    assert.equals("blocked", told.verdict)
    assert.equals("header-denied", told.outcome)
    assert.matches("^Access to fetch at '" .. ORDER:gsub("%p", "%%%0") .. "'", told.console)
    assert.same({ file = "policies/api.lua", line = 1, pattern = "/orders/{id}",
      reason = "header-denied" }, told.policy)
    assert.same({ 'add "X-Token" to cors.headers in policies/api.lua:1' }, told.fix)
    assert.equals(wire.json.null, told.reason)
    assert.same({}, told.notes)
  end)

  it("tells both requests of one that was allowed", function()
    local told, status = explain_json({ "--policy", "POLICY", "--from", FROM, "-X", "PUT", ORDER })
    assert.equals(0, status)
    assert.equals("readable", told.verdict)
    assert.equals("ok", told.outcome)
    assert.equals("ok", told.preflight.outcome)
    assert.equals("PUT", told.actual.request.method)
    assert.equals(wire.json.null, told.actual.request.acrm)
    assert.equals(200, told.actual.response.status)
    assert.equals(wire.json.null, told.console)
    assert.same({}, told.fix)
    assert.equals(2, #told.exchanges)
  end)

  it("tells the Origin of each hop", function()
    local told = explain_json({ "--policy", "POLICY", "--from", FROM,
      "https://api.example/moved" })
    assert.equals(2, #told.hops)
    assert.equals(FROM, told.hops[1].origin)
    assert.equals("null", told.hops[2].origin)
    assert.equals("https://b.example/orders/1", told.hops[2].url)
    assert.equals("none", told.hops[2].preflight)
    assert.equals(wire.json.null, told.hops[2].preflight_status)
    assert.same({ 307, 200 }, { told.hops[1].status, told.hops[2].status })
    assert.equals("origin-null-denied", told.policy.reason)
  end)

  it("says why a fetch is forbidden", function()
    local told, status = explain_json({ "--policy", "POLICY", "--from", FROM, "-d", "x",
      "-X", "GET", ORDER })
    assert.equals(1, status)
    assert.equals("forbidden", told.kind)
    assert.equals("error", told.verdict)
    assert.equals("forbidden", told.outcome)
    assert.equals("body-with-get-head", told.reason)
    assert.equals(wire.json.null, told.preflight)
    assert.equals(wire.json.null, told.policy)
    assert.same({}, told.exchanges)
  end)

  it("names the kinds", function()
    local kinds = {
      { "same-origin", "--from", "https://api.example", ORDER },
      { "simple", "--from", FROM, ORDER },
      { "preflight", "--from", FROM, "-X", "PUT", ORDER },
      { "no-cors", "--from", FROM, "--mode", "no-cors", ORDER },
      { "forbidden", "--from", FROM, "-X", "TRACE", ORDER },
    }
    for _, row in ipairs(kinds) do
      local told = explain_json({ "--policy", "POLICY", table.unpack(row, 2) })
      assert.equals(row[1], told.kind)
    end
  end)

  it("marks an answer that stands for a handler's", function()
    local told = explain_json({ "--policy", "POLICY", "--from", FROM,
      "https://api.example/proxied" })
    assert.is_true(told.actual.response.synthetic)
    assert.equals("readable", told.verdict)
  end)

  it("knows the browsers apart", function()
    local files = { ["p.txt"] = "HTTP/1.1 204\nAccess-Control-Allow-Origin: *\n"
      .. "Access-Control-Allow-Headers: *\n\n", ["a.txt"] = "HTTP/1.1 200\n"
      .. "Access-Control-Allow-Origin: *\n\n" }
    for browser, outcome in pairs({ chromium = "ok", standard = "authorization-not-listed" }) do
      local told = explain_json({ "--answer", "p.txt", "--answer", "a.txt", "--browser", browser,
        "--from", FROM, "-H", "Authorization: t", ORDER }, files)
      assert.equals(outcome, told.outcome)
      assert.equals(browser, told.browser)
      assert.equals("ok", told.browsers.chromium.outcome)
      assert.equals("readable", told.browsers.firefox.verdict)
      assert.equals("authorization", told.browsers.webkit.acrh)
      assert.equals("authorization-not-listed", told.browsers.standard.outcome)
      assert.equals(wire.json.null, told.browsers[browser].difference)
    end
  end)

  local ALLOWED = "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *\n\n"
  local BARE = "HTTP/1.1 302 Found\nAccess-Control-Allow-Origin: *\n"

  -- Each field of the profiles that tells itself in a report: arguments, answers, and by browser
  -- what its difference begins and ends with; false: there is none.
  local differences = {
    { "client hints", { "-H", "DPR: 2.0" }, { ALLOWED, ALLOWED },
      chromium = { "readable, no preflight; ", "it safelists client hints" }, firefox = false,
      webkit = false },
    { "User-Agent", { "-H", "User-Agent: x" }, { ALLOWED:gsub("\n\n",
      "\nAccess-Control-Allow-Headers: *\n\n"), ALLOWED },
      chromium = { "readable, no preflight; ", "it lets no script set User-Agent" },
      firefox = false },
    { "large ranges", { "-H", "Range: bytes=0-99999999999999999999" }, { ALLOWED },
      chromium = { "no answer was given to its preflight, a preflight asks for GET with range; ",
        "it does not safelist a Range whose numbers exceed 63 bits" }, firefox = false },
    { "lines of one name", { "-H", "Accept: " .. ("a"):rep(100), "-H", "Accept: "
      .. ("a"):rep(100) }, { ALLOWED },
      webkit = { "no answer was given to its preflight, a preflight asks for GET with accept; ",
        "it judges several lines of one header as one value" }, firefox = false },
    { "upload listeners", { "--upload-listener" }, { ALLOWED, ALLOWED },
      webkit = { "readable, no preflight; ", "only where there is content" }, firefox = false },
    { "a forced preflight's method", { "-X", "PUT", "--stream" }, { ALLOWED, ALLOWED },
      firefox = { "blocked: method-denied; ", "upload listeners or a stream caused the preflight" },
      webkit = false },
    { "a preflight's redirect", { "-X", "PUT" }, { "HTTP/1.1 301 X\nLocation: /a\n\n" },
      firefox = { "blocked: preflight-redirect; ", "before the CORS check" }, webkit = false },
    { "redirects without Location", { "--redirect", "error" }, { BARE .. "\n" },
      chromium = { "readable; ", "for an ordinary answer" }, firefox = false },
    { "what is the same", { "-X", "PUT" }, { ALLOWED }, chromium = false, firefox = false,
      webkit = false },
  }
  for _, row in ipairs(differences) do
    it("tells what browsers do otherwise with " .. row[1], function()
      local arguments, files = { "--from", FROM }, {}
      for _, argument in ipairs(row[2]) do
        arguments[#arguments + 1] = argument
      end
      for i, answer in ipairs(row[3]) do
        files[i .. ".txt"] = answer
        arguments[#arguments + 1] = "--answer"
        arguments[#arguments + 1] = i .. ".txt"
      end
      arguments[#arguments + 1] = ORDER
      local told = explain_json(arguments, files)
      for _, name in ipairs({ "chromium", "firefox", "webkit" }) do
        local want, got = row[name], told.browsers[name].difference
        if want then
          assert.equals(want[1], tostring(got):sub(1, #want[1]))
          assert.equals(want[2], got:sub(-#want[2]))
        elseif want == false then
          assert.equals(wire.json.null, got)
        end
      end
    end)
  end

  it("asks policies for what only another browser sends", function()
    local told = explain_json({ "--policy", "POLICY", "--from", FROM, "-H", "DPR: 2.0", ORDER })
    assert.equals("header-denied", told.outcome)
    assert.equals("readable", told.browsers.chromium.verdict)
    assert.equals("simple", told.browsers.chromium.kind)
    assert.equals("none", told.browsers.chromium.preflight)
  end)

  it("takes a public origin for the server's own", function()
    local told = explain_json({ "--policy", "POLICY", "--public-origin", "https://b.example",
      "--from", "https://b.example", ORDER })
    assert.equals("same-origin", told.policy.reason)
  end)

  it("is JSON for bytes of any kind", function()
    local told = explain_json({ "--answer", "a.txt", "--from", FROM, ORDER }, {
      ["a.txt"] = "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: \xff\1\n\n" })
    assert.equals("acao-mismatch", told.outcome)
    assert.equals("\u{fffd}\1", told.actual.response.fields[1][2])
  end)
end)

describe("explain refuses", function()
  local rows = {
    { "no answerer", 2, "who answers", "--from", FROM, ORDER },
    { "two answerers", 2, "who answers", "--policy", "POLICY", "--answer", "x", "--from", FROM,
      ORDER },
    { "no URL", 2, "what is fetched", "--policy", "POLICY", "--from", FROM },
    { "a URL and a command", 2, "what is fetched", "--policy", "POLICY", "--curl", "curl a",
      ORDER },
    { "two URLs", 2, "a second URL", "--policy", "POLICY", "--from", FROM, ORDER, ORDER },
    { "no page", 2, "which page", "--policy", "POLICY", ORDER },
    { "an unknown option", 2, "%-%-frm", "--policy", "POLICY", "--frm", FROM, ORDER },
    { "an unknown letter", 2, "%-Z", "--policy", "POLICY", "-Z", FROM, ORDER },
    { "an option without its value", 2, "lacks its value", "--policy", "POLICY", ORDER, "--from" },
    { "a switch with a value", 2, "takes no value", "--policy", "POLICY", "--json=yes", ORDER },
    { "a header without a colon", 2, "name: value", "--policy", "POLICY", "--from", FROM, "-H",
      "x", ORDER },
    { "an unknown mode", 2, "navigate, not 'open'", "--policy", "POLICY", "--from", FROM, "--mode",
      "open", ORDER },
    { "an unknown browser", 2, "not 'lynx'", "--policy", "POLICY", "--browser", "lynx", ORDER },
    { "an unknown initiator", 2, "not 'form'", "--policy", "POLICY", "--from", FROM, "--as",
      "form", ORDER },
    { "unknown credentials", 2, "not 'all'", "--policy", "POLICY", "--from", FROM, "--credentials",
      "all", ORDER },
    { "a public origin that is none", 2, "is an origin", "--policy", "POLICY", "--public-origin",
      "x", ORDER },
    { "a file that is not there", 4, "cannot read", "--answer", "/nonexistent", "--from", FROM,
      ORDER },
    { "a policy that is not there", 3, "nonexistent", "--policy", "/nonexistent", "--from", FROM,
      ORDER },
    { "an answer that is none", 2, "bad%.txt:1: error: expected a status line", "--answer",
      "bad.txt", "--from", FROM, ORDER, files = { ["bad.txt"] = "hello\n" } },
    { "a call with a variable", 2, "%-%-fetch:1:7: error: expected the URL", "--policy", "POLICY",
      "--fetch", "fetch(url)" },
    { "a command with an open quote", 2, "%-%-curl:1:6: error", "--policy", "POLICY", "--curl",
      "curl 'x" },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      local status, out, err = explain({ table.unpack(row, 4) }, row.files)
      assert.matches(row[3], err)
      assert.equals("", out)
      assert.equals(row[2], status)
    end)
  end

  it("an invalid policy, with its line", function()
    local status, _, err = wire.run({ "explain", "--policy", "POLICY", "--from", FROM, ORDER },
      { policy = 'resource "/" { cors = { origins = { "https://a/" } } }' })
    assert.equals(3, status)
    assert.matches("policy%.lua:1: error: ", err)
  end)
end)

describe("explain --help", function()
  it("names the options", function()
    local status, out = wire.run({ "explain", "--help" })
    assert.equals(0, status)
    for _, option in ipairs({ "--answer", "--cached-age", "-X, --method", "--curl", "--json" }) do
      assert.is_truthy(out:find(option, 1, true), option)
    end
  end)
end)

-- The options that make a browser send what a vector's request is.
local function vector_arguments(case)
  local request = case.request
  local arguments = { "--from", request.origin,
    "--credentials", request.credentials, "-X", request.method }
  for _, name in ipairs(request.unsafe_headers) do
    arguments[#arguments + 1] = "-H" .. name .. ": 1"
  end
  local is_plain = ({ GET = true, HEAD = true, POST = true })[request.method]
    and #request.unsafe_headers == 0
  if case.phase == "preflight" and is_plain then
    arguments[#arguments + 1] = "--upload-listener"
  end
  arguments[#arguments + 1] = "https://api.example/r"
  return arguments
end

local function as_text(response)
  local lines = { "HTTP/1.1 " .. math.tointeger(response.status) .. " X" }
  for _, field in ipairs(response.headers) do
    lines[#lines + 1] = field[1] .. ": " .. field[2]
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- The vector's sentence, with what it leaves open.
local function sentence(expect, response)
  local function value(name)
    local found = {}
    for _, field in ipairs(response.headers) do
      if field[1]:lower() == name then
        found[#found + 1] = field[2]
      end
    end
    return table.concat(found, ", ")
  end
  return (expect:gsub("{acao}", (value("access-control-allow-origin"):gsub("%%", "%%%%")))
    :gsub("{acac}", value("access-control-allow-credentials")))
end

describe("explain judges as the vectors do:", function()
  local cases = wire.json.decode(process.read_file("tests/vectors/cors.json")).browser_judgement
  assert(#cases > 0, "no vectors")
  for _, case in ipairs(cases) do
    it(case.name, function()
      local arguments = vector_arguments(case)
      for _, name in ipairs({ "1.txt", "2.txt" }) do
        table.insert(arguments, "--answer")
        table.insert(arguments, name)
      end
      local told = explain_json(arguments, {
        ["1.txt"] = as_text(case.response),
        ["2.txt"] = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\n",
      })
      assert.equals(case.phase == "preflight" and "preflight" or "simple", told.kind)
      assert.equals(case.expect.outcome, told[case.phase].outcome)
      local chromium = case.expect.chromium
      if case.expect.outcome == "ok" then
        assert.equals(wire.json.null, told.console)
      elseif chromium ~= wire.json.null and not chromium:find("^either") then
        local want = sentence(chromium, case.response):gsub("{method}", case.request.method)
        assert.is_truthy(told.console:find(want, 1, true), told.console)
      end
    end)
  end
end)

local VECTORS = wire.json.decode(process.read_file("tests/vectors/cors.json"))

-- A value of a vector, which may be stated as a repetition.
local function stated(value)
  return type(value) == "string" and value
    or (value["$prefix"] or "") .. value["$repeat"]:rep(math.tointeger(value.times))
end

-- A JSON text's code points as the bytes of a field.
local function latin1(text)
  return (text:gsub(utf8.charpattern, function(c)
    local code = utf8.codepoint(c)
    return code < 256 and string.char(code) or c
  end))
end

local BODIES = {
  formdata = "new FormData()", arraybuffer = "new Uint8Array(1)",
  urlsearchparams = "new URLSearchParams('a=1')", blob = "new Blob(['x'])",
}

local function classification_arguments(fetch)
  local body = fetch.body_type or "none"
  local arguments = { "--from", fetch.origin, "-X", fetch.method, "--mode", fetch.mode or "cors",
    "--credentials", fetch.credentials or "same-origin", "--answer", "a.txt", "--answer", "a.txt" }
  for _, field in ipairs(fetch.headers) do
    arguments[#arguments + 1] = "-H"
    arguments[#arguments + 1] = field[1] .. ": " .. latin1(stated(field[2]))
  end
  if fetch.upload_listeners then
    arguments[#arguments + 1] = "--upload-listener"
  end
  if body == "stream" then
    arguments[#arguments + 1] = "--stream"
  elseif body == "string" then
    arguments[#arguments + 1] = "-dx"
  elseif body ~= "none" then
    local text = assert(BODIES[body], body)
    if type(fetch.blob_type) == "string" then
      text = text:gsub("%)$", ", { type: '" .. fetch.blob_type .. "' })")
    end
    arguments[#arguments + 1] = "--fetch"
    arguments[#arguments + 1] = "fetch('" .. fetch.url .. "', { body: " .. text .. " })"
    return arguments
  end
  arguments[#arguments + 1] = fetch.url
  return arguments
end

local READABLE = { ["a.txt"] = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\n" }

describe("explain classifies as the vectors do:", function()
  assert(#VECTORS.browser_classification > 0, "no vectors")
  for _, case in ipairs(VECTORS.browser_classification) do
    it(case.name, function()
      local told = explain_json(classification_arguments(case.fetch), READABLE)
      local asked = told.preflight ~= wire.json.null and told.preflight.request
        or { acrm = wire.json.null, acrh = wire.json.null }
      -- A cross-origin no-cors fetch is "simple" in the vectors, which know no kind of its own.
      local kind = told.kind == "no-cors" and "simple" or told.kind
      assert.equals(case.expect.kind, kind)
      assert.same(case.expect.unsafe_headers, told.unsafe_headers)
      assert.equals(case.expect.acrm, asked.acrm)
      assert.equals(case.expect.acrh, asked.acrh)
      if case.expect.dropped_headers then
        assert.same(case.expect.dropped_headers, told.dropped_headers)
      end
    end)
  end
end)

describe("explain follows redirects as the vectors do:", function()
  assert(#VECTORS.browser_redirects > 0, "no vectors")
  for _, case in ipairs(VECTORS.browser_redirects) do
    it(case.name, function()
      local arguments, files = { "--from", case.origin }, {}
      for i = 1, #case.chain do
        local name = i .. ".txt"
        files[name] = "HTTP/1.1 302 Found\nAccess-Control-Allow-Origin: *\n"
          .. (case.chain[i + 1] and "Location: " .. case.chain[i + 1] or "") .. "\n\n"
        arguments[#arguments + 1] = "--answer"
        arguments[#arguments + 1] = name
      end
      arguments[#arguments + 1] = case.chain[1]
      local origins = {}
      for i, hop in ipairs(explain_json(arguments, files).hops) do
        origins[i] = hop.origin == wire.json.null and "-" or hop.origin
      end
      assert.same(case.expect.origin_headers, origins)
    end)
  end
end)
