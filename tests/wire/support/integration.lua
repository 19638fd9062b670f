--- Other proxies in front of an upstream that knows nothing of CORS, or gets it wrong: each is
-- started with the very text of docs/integrations.md, in which only addresses and paths are
-- replaced, and has to give the same answers.

local client = require("tests.wire.support.client")
local process = require("tests.wire.support.process")
local response = require("tests.wire.support.response")
local socket = require("socket")
local wire = require("tests.wire.support")

local M = {}

-- Policy and configurations are read from here.
local DOCUMENT = "docs/integrations.md"

--- The first block of `language` below the heading `section` of the document.
function M.block(section, language)
  local text = assert(process.read_file(DOCUMENT), "no " .. DOCUMENT)
  local part = ("\n" .. text):match("\n## " .. section .. "\n(.*)$")
  part = part and (part .. "\n## "):match("^(.-)\n## ")
  local block = part and ("\n" .. part):match("\n```" .. language .. "\n(.-\n)```\n")
  return assert(block, "no " .. language .. " below " .. section .. " in " .. DOCUMENT)
end

--- Replaces each plain text of `pairs` (a list of from and to); one that is not there fails.
function M.replace(text, pairs)
  for _, pair in ipairs(pairs) do
    local count
    text, count = text:gsub((pair[1]:gsub("%p", "%%%0")), (pair[2]:gsub("%%", "%%%%")))
    assert(count > 0, pair[1] .. " is not in:\n" .. text)
  end
  return text
end

--- A port of loopback that nothing listens on.
function M.free_port()
  local handle = assert(socket.bind("127.0.0.1", 0))
  local _, port = handle:getsockname()
  handle:close()
  return tonumber(port)
end

local function wait_for(child, port, what)
  local connected = process.poll(20, function()
    assert(not child:status(), what .. " ended " .. child:tail())
    local handle = socket.tcp4()
    local ok = handle:connect("127.0.0.1", port)
    handle:close()
    return ok
  end)
  if not connected then
    child:signal("KILL")
    error(what .. " does not listen " .. child:tail(), 0)
  end
end

--- nginx in one process, with `http` in its http block.
function M.spawn_nginx(dir, port, http)
  local paths = {}
  for _, what in ipairs({ "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }) do
    paths[#paths + 1] = string.format("%s_temp_path %s/%s;", what, dir, what)
  end
  local config = process.write_file(dir .. "/nginx.conf", string.format(
    "daemon off; master_process off; pid %s/nginx.pid; error_log stderr;\nevents {}\n"
      .. "http {\naccess_log off;\n%s\n%s\n}\n", dir, table.concat(paths, "\n"), http))
  local child = process.spawn({ "nginx", "-e", "stderr", "-p", dir, "-c", config }, dir)
  wait_for(child, port, "nginx")
  return child
end

local UPSTREAM = [[
server {
  listen 127.0.0.1:%d;
  add_header Access-Control-Allow-Origin "https://upstream.example" always;
  add_header Access-Control-Allow-Methods "UPSTREAM" always;
  add_header Access-Control-Allow-Credentials "true" always;
  add_header Timing-Allow-Origin "*" always;
  add_header Vary "Accept-Encoding" always;
  add_header ETag '"1"' always;
  location / { return 200 "$request_method $request_uri $content_length\n"; }
  location /broken { return 500 "broken\n"; }
  location /gone { return 403 "the upstream's\n"; }
}
]]

local Setup = {}
Setup.__index = Setup

--- Starts an upstream, Moongate, and the proxy: `start_proxy(dir, ports)` returns its process;
-- ports has proxy, serve, authorize and upstream.
function M.start(what, start_proxy)
  local setup = setmetatable({ dirs = {}, what = what }, Setup)
  local function make_dir()
    local dir = process.make_dir()
    os.execute("chmod 755 " .. process.quote(dir)) -- Apache's workers are somebody else
    setup.dirs[#setup.dirs + 1] = dir
    return dir
  end
  local ports = { proxy = M.free_port(), upstream = M.free_port() }
  setup.server = wire.start({
    policy = M.block("Moongate's side", "lua"),
    listen = { "127.0.0.1:0" },
    arguments = { "--authorize", "127.0.0.1:0", "--trust-proxy", "127.0.0.0/8" },
  })
  local authorize = process.poll(20, function()
    return setup.server.process:stdout():match("authorizing on http://127%.0%.0%.1:(%d+)\n")
  end)
  ports.serve, ports.authorize = setup.server.port, tonumber(authorize)
  setup.upstream = M.spawn_nginx(make_dir(), ports.upstream, UPSTREAM:format(ports.upstream))
  setup.ports, setup.proxy_dir = ports, make_dir()
  setup.proxy = start_proxy(setup.proxy_dir, ports)
  wait_for(setup.proxy, ports.proxy, what)
  return setup
end

--- The addresses of the document, for M.replace.
function M.addresses(ports)
  return {
    { "127.0.0.1:8081", "127.0.0.1:" .. ports.authorize },
    { "127.0.0.1:3000", "127.0.0.1:" .. ports.upstream },
  }
end

--- One exchange through the proxy. `fields` as lines.
function Setup:ask(line, fields, content)
  local connection = client.tcp({ process = self.proxy }, self.ports.proxy)
  local lines = { "Host: api.example.com", table.unpack(fields or {}) }
  connection:request(line, lines, content)
  local answer = connection:read(line:match("^%S+"))
  connection:close()
  return answer
end

local function end_process(child)
  child:signal("TERM")
  if not child:wait(10) then
    child:signal("KILL")
    child:wait(5)
  end
end

function Setup:stop_upstream()
  end_process(self.upstream)
end

function Setup:stop_moongate()
  self.server:stop()
  self.server = nil
end

function Setup:stop()
  end_process(self.proxy)
  end_process(self.upstream)
  if self.server then
    self.server:stop()
  end
  for _, dir in ipairs(self.dirs) do
    process.remove_dir(dir)
  end
end

-- ---- what every proxy has to give ----

local APP = "Origin: https://app.example.com"
local EVIL = "Origin: https://evil.example"
local JSON = "Content-Type: application/json"

local function preflight(method, headers, origin)
  return { origin or APP, "Access-Control-Request-Method: " .. method,
    headers and "Access-Control-Request-Headers: " .. headers }
end

-- Fields: `cors` is what Access-Control-Allow-Origin has to be (false: no CORS field at all),
-- `vary` members that have to be there, `body` a pattern.
local ROWS = {
  { "simple, allowed", "GET /orders/1?a=%2F&b", { APP }, status = 200,
    cors = "https://app.example.com", credentials = "true", expose = "ETag",
    vary = { "Origin", "Accept-Encoding" }, body = "^GET /orders/1%?a=%%2F&b " },
  { "without Origin", "GET /orders/1", {}, status = 200, cors = false,
    vary = { "Origin", "Accept-Encoding" }, body = "^GET /orders/1 " },
  { "simple, rejected", "GET /orders/1", { EVIL }, status = 403, cors = false,
    vary = { "Origin" }, body = "origin%-denied" },
  { "an opaque origin, rejected", "GET /orders/1", { "Origin: null" }, status = 403,
    cors = false, body = "origin%-null%-denied" },
  { "two origins are none that is allowed", "GET /orders/1", { APP, EVIL }, status = 403,
    cors = false },
  { "simple, denied and withheld", "GET /other", { EVIL }, status = 200, cors = false,
    vary = { "Origin" }, body = "^GET /other " },
  { "simple, allowed by the default", "GET /other", { APP }, status = 200,
    cors = "https://app.example.com", vary = { "Origin" } },
  { "preflighted, with content", "PUT /orders/1", { APP, JSON, "Content-Length: 2" },
    content = "{}", status = 200, cors = "https://app.example.com", credentials = "true",
    body = "^PUT /orders/1 2\n" },
  { "preflighted, rejected with its content", "PUT /orders/1",
    { EVIL, JSON, "Content-Length: 2" }, content = "{}", status = 403, cors = false },
  { "a method that the resource lacks", "DELETE /orders/1", { APP }, status = 405,
    cors = "https://app.example.com", body = "method%-not%-allowed" },
  { "HEAD", "HEAD /orders/1", { APP }, status = 200, cors = "https://app.example.com",
    credentials = "true" },
  { "an error of the upstream", "GET /broken", { APP }, status = 500,
    cors = "https://app.example.com", vary = { "Origin" }, body = "^broken\n" },
  { "a 403 of the upstream is not Moongate's", "GET /gone", { APP }, status = 403,
    cors = "https://app.example.com", body = "^the upstream's\n" },
  { "preflight, allowed", "OPTIONS /orders/1", preflight("PUT", "content-type"), status = 204,
    cors = "https://app.example.com", credentials = "true", methods = "GET, PUT, HEAD",
    vary = { "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers" } },
  { "preflight, origin denied", "OPTIONS /orders/1", preflight("PUT", nil, EVIL), status = 403,
    cors = false, vary = { "Origin" } },
  { "preflight, method not allowed: the browser sees the true list", "OPTIONS /orders/1",
    preflight("DELETE"), status = 204, cors = "https://app.example.com",
    methods = "GET, PUT, HEAD" },
  { "preflight, malformed", "OPTIONS /orders/1", preflight("P UT"), status = 400, cors = false },
  { "what a client says of an original request counts for nothing", "GET /orders/1",
    { EVIL, "X-Original-Method: OPTIONS", "X-Original-URI: /other", "X-Forwarded-Method: OPTIONS",
      "X-Forwarded-Uri: /other", "X-Forwarded-Host: other.example",
      "X-Original-URL: http://other.example/other", "X-Original-Host: other.example",
      "X-Forwarded-Proto: gopher" }, status = 403, cors = false },
}

local CORS_FIELDS = { "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
  "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age",
  "Access-Control-Expose-Headers", "Timing-Allow-Origin" }

local function lines_of(answer, name)
  local lines = {}
  for _, field in ipairs(answer.fields) do
    if field[1]:lower() == name:lower() then
      lines[#lines + 1] = field[2]
    end
  end
  return lines
end

local function members(answer, name)
  local found = {}
  for _, line in ipairs(lines_of(answer, name)) do
    for member in line:gmatch("[^,%s]+") do
      found[member:lower()] = true
    end
  end
  return found
end

local function check_cors(answer, wanted, add)
  local one = {
    ["Access-Control-Allow-Origin"] = wanted.cors or nil,
    ["Access-Control-Allow-Credentials"] = wanted.credentials,
    ["Access-Control-Expose-Headers"] = wanted.expose,
    ["Access-Control-Allow-Methods"] = wanted.methods,
  }
  for _, name in ipairs(CORS_FIELDS) do
    local lines = lines_of(answer, name)
    if #lines > 1 then
      add("%s comes in %d lines", name, #lines)
    elseif one[name] and lines[1] ~= one[name] then
      add("%s is %s, expected %s", name, tostring(lines[1]), one[name])
    elseif lines[1] and (wanted.cors == false or lines[1]:find("upstream")
        or lines[1]:find("UPSTREAM")) then
      add("%s is there: %s", name, lines[1])
    end
  end
  local vary = members(answer, "Vary")
  for _, member in ipairs(wanted.vary or {}) do
    if not vary[member:lower()] then
      add("Vary lacks %s", member)
    end
  end
end

--- What is wrong with an answer, or nil.
function M.judge(answer, wanted)
  local wrong = {}
  local function add(...)
    wrong[#wrong + 1] = string.format(...)
  end
  if answer.status ~= wanted.status then
    add("status %d, expected %d", answer.status, wanted.status)
  end
  check_cors(answer, wanted, add)
  if wanted.body and not (answer.body or ""):find(wanted.body) then
    add("the content is %s", response.show(answer.body or ""))
  end
  if #wrong == 0 then
    return nil
  end
  local fields = {}
  for _, field in ipairs(answer.fields) do
    fields[#fields + 1] = "    " .. field[1] .. ": " .. field[2]
  end
  return table.concat(wrong, "; ") .. "\n" .. table.concat(fields, "\n")
end

--- Declares that a script of the proxy that fails lets nothing pass. `start_proxy` starts the
-- proxy with such a script.
function M.describe_failing_script(busted, what, start_proxy)
  busted.it("a script of " .. what .. " that fails lets nothing pass", function()
    local setup = M.start(what, start_proxy)
    local ok, status = pcall(function()
      return setup:ask("GET /orders/1", { APP }).status
    end)
    setup:stop()
    busted.assert.is_true(ok, status)
    busted.assert.is_true(status == 500 or status == 503, status)
  end)
end

--- Declares the tests of one proxy. `busted` is the spec's environment, `start_proxy` M.start's.
function M.describe(busted, what, start_proxy)
  local it, assert = busted.it, busted.assert
  busted.describe(what .. " with the configuration of the document", function()
    local setup
    busted.lazy_setup(function()
      setup = M.start(what, start_proxy)
    end)
    busted.lazy_teardown(function()
      if setup then
        setup:stop()
      end
    end)

    for _, row in ipairs(ROWS) do
      it(row[1], function()
        local wrong = M.judge(setup:ask(row[2], row[3], row.content), row)
        assert(not wrong, wrong)
      end)
    end

    it("an upstream that is down: the error can be read", function()
      setup:stop_upstream()
      local answer = setup:ask("GET /orders/1", { APP })
      assert.is_true(answer.status == 502 or answer.status == 503, answer.status)
      local wrong = M.judge(answer, { status = answer.status, cors = "https://app.example.com",
        credentials = "true", vary = { "Origin" } })
      assert(not wrong, wrong)
    end)

    it("Moongate that is down: nothing passes", function()
      setup:stop_moongate()
      for _, line in ipairs({ "GET /orders/1", "OPTIONS /orders/1" }) do
        local answer = setup:ask(line, { APP })
        assert.is_true(answer.status >= 500, line .. ": " .. answer.status)
        assert.same({}, lines_of(answer, "Access-Control-Allow-Origin"))
      end
    end)
  end)
end

return M
