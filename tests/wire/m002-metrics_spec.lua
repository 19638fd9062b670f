--- /metrics: its format, and that what happens is counted.

local wire = require("tests.wire.support")
local client = require("tests.wire.support.client")
local metrics = require("tests.wire.support.metrics")
local recorder = require("tests.wire.support.recorder")
local process = wire.process

local POLICY = [[
plugin "rate-limit" { requests = 1000, resources = { "/limited" } }
resource "/orders/{id}" {
  methods = { "GET", "PUT" },
  cors = { origins = { "https://app.example" }, on_denied = "reject" },
  handler = "echo",
}
resource "/hook" {
  cors = {
    origins = { "https://app.example" },
  },
  simple = function(req)
    if req:header("x-fail") then error("on purpose") end
    if req:header("x-spin") then while true do end end
    return deny(req:header("x-reason") or "because")
  end,
  handler = "echo",
}
resource "/limited" { handler = "echo" }
]]

local function scrape(server)
  local connection = client.unix(server, server.dir .. "/admin.sock")
    :request("GET /metrics", { "Host: localhost" })
  local answer = connection:read("GET")
  connection:close()
  assert.equals(200, answer.status)
  assert.equals("text/plain; version=0.0.4; charset=utf-8", answer:get("Content-Type"))
  return metrics.parse(answer.body)
end

describe("metrics", function()
  local server, before
  setup(function()
    server = wire.start({ policy = POLICY, admin = "DIR/admin.sock",
      limits = { ["head-timeout"] = "1s", ["idle-timeout"] = "1s", ["body-timeout"] = "1s",
        ["body-bytes"] = 1000, pipelined = 4, connections = 20 },
      arguments = { "--plugins", wire.plugins, "--public-origin", "https://api.example" } })
  end)
  teardown(function()
    server:stop()
  end)
  before_each(function()
    before = scrape(server)
  end)

  -- What a counter has gained since the test began, once it is `wanted` or more.
  local function gained(name, labels, wanted)
    local gain
    process.poll(10, function()
      gain = scrape(server):sum(name, labels) - before:sum(name, labels)
      return gain >= (wanted or 1)
    end)
    return gain
  end

  local ORIGIN = "Origin: https://app.example"

  it("count requests by kind and class of status", function()
    server:ask("GET /orders/1")
    server:ask("GET /orders/1", { "Host: a", ORIGIN })
    server:ask("PUT /orders/1", { "Host: a", ORIGIN, "Content-Length: 0" })
    server:ask("OPTIONS /orders/1", { "Host: a", ORIGIN, "Access-Control-Request-Method: PUT" })
    server:ask("GET /orders/1", { "Host: a", "Origin: https://evil.example" })
    server:ask("GET /none")
    server:connect():send("BAD\r\n\r\n"):read("GET")
    local name = "moongate_requests_total"
    assert.equals(1, gained(name, { kind = "none", status = "2xx" }))
    assert.equals(1, gained(name, { kind = "simple", status = "2xx" }))
    assert.equals(1, gained(name, { kind = "preflighted", status = "2xx" }))
    assert.equals(1, gained(name, { kind = "preflight", status = "2xx" }))
    assert.equals(1, gained(name, { kind = "simple", status = "4xx" }))
    assert.equals(2, gained(name, { kind = "unknown", status = "4xx" }, 2))
    assert.equals(7, gained(name, nil, 7))
    assert.equals(6, gained("moongate_request_duration_seconds_count", nil, 6))
    assert.is_true(gained("moongate_sent_bytes_total") > 500)
    assert.is_true(gained("moongate_received_bytes_total") > 200)
  end)

  it("count decisions by resource and reason, and denials", function()
    server:ask("GET /orders/1", { "Host: a", ORIGIN })
    server:ask("GET /orders/2", { "Host: a", ORIGIN })
    server:ask("GET /orders/1", { "Host: a", "Origin: https://evil.example" })
    server:ask("GET /hook", { "Host: a", ORIGIN, "X-Reason: frozen" })
    local decisions = "moongate_decisions_total"
    local orders = "/orders/{id}"
    assert.equals(2, gained(decisions, { resource = orders, reason = "simple-allowed" }, 2))
    assert.equals(1, gained(decisions, { resource = orders, reason = "origin-denied" }))
    assert.equals(1, gained(decisions, { resource = "/hook", reason = "(policy)" }))
    assert.equals(1, gained("moongate_denied_total", { reason = "origin-denied" }))
    assert.equals(1, gained("moongate_denied_total", { reason = "frozen" }))
    assert.equals(2, gained("moongate_denied_total", nil, 2))
  end)

  it("bound what reasons of a policy can add", function()
    local connection = server:connect()
    for i = 1, 100 do
      connection:request("GET /hook", { "Host: a", ORIGIN, "X-Reason: reason-" .. i })
      assert.equals(403, connection:read("GET").status)
    end
    connection:close()
    assert.equals(100, gained("moongate_denied_total", nil, 100))
    local after = scrape(server)
    -- A table of 64 names each worker; one connection is one worker's.
    assert.is_true(#after.families.moongate_denied_total.samples <= 64 * 2 + 1)
    assert.is_true(after:value("moongate_denied_total", { reason = "(other)" }) >= 36)
  end)

  it("count refusals, and the bounds that clients come to", function()
    server:ask("GET /none")
    server:ask("DELETE /orders/1")
    server:ask("GET /" .. ("x"):rep(9000))
    server:ask("GET /orders/1", { "Host: a", "X: " .. ("x"):rep(17000) })
    server:ask("PUT /orders/1", { "Host: a", "Content-Length: 2000" })
    assert.equals(1, gained("moongate_refused_total", { reason = "no-resource" }))
    assert.equals(1, gained("moongate_refused_total", { reason = "method-not-allowed" }))
    for limit, count in pairs({ ["target-bytes"] = 1, ["head-bytes"] = 1, ["body-bytes"] = 1,
      fields = 0 }) do
      assert.equals(count, gained("moongate_limits_total", { limit = limit }, count), limit)
    end
    local many = server:connect()
    many:send(("GET /none HTTP/1.1\r\nHost: a\r\n\r\n"):rep(12))
    for _ = 1, 12 do
      many:read("GET")
    end
    many:close()
    assert.is_true(gained("moongate_limits_total", { limit = "pipelined" }, 2) >= 2)
  end)

  it("count connections, why they end, and what they were waited for", function()
    local half = server:connect():send("GET /")
    local idle = server:connect():request("GET /none")
    idle:read("GET")
    local late = server:connect():request("PUT /orders/1", { "Host: a", "Content-Length: 5" }, "x")
    assert.is_truthy(process.poll(1, function()
      return scrape(server):sum("moongate_connections_open") >= 3
    end))
    half:read("GET")
    late:read("PUT")
    idle:read_all()
    assert.equals(3, gained("moongate_connections_accepted_total", nil, 3))
    for _, timeout in ipairs({ "head-timeout", "idle-timeout", "body-timeout" }) do
      assert.equals(1, gained("moongate_timeouts_total", { timeout = timeout }), timeout)
    end
    assert.equals(1, gained("moongate_connections_closed_total", { reason = "idle-timeout" }))
    assert.is_truthy(process.poll(10, function()
      return scrape(server):sum("moongate_connections_open") == 0
    end))
  end)

  it("count connections over the limit", function()
    local held = {}
    for i = 1, 45 do -- two workers have 20 each
      held[i] = server:connect():send("G")
    end
    local refused = gained("moongate_connections_refused_total", nil, 5)
    assert.is_true(refused >= 5, refused .. " refused")
    assert.is_true(gained("moongate_limits_total", { limit = "connections" }, 5) >= 5)
    for _, connection in ipairs(held) do
      connection:close()
    end
    -- Or the next test would be refused.
    assert.is_truthy(process.poll(10, function()
      return scrape(server):sum("moongate_connections_open") == 0
    end))
  end)

  it("count calls of scripts, errors, and spent budgets", function()
    server:ask("GET /hook", { "Host: a", ORIGIN })
    server:ask("GET /hook", { "Host: a", ORIGIN, "X-Fail: 1" })
    server:ask("GET /hook", { "Host: a", ORIGIN, "X-Spin: 1" })
    assert.equals(3, gained("moongate_script_calls_total", nil, 3))
    assert.equals(2, gained("moongate_script_errors_total", nil, 2))
    assert.equals(1, gained("moongate_script_budget_kills_total", { budget = "time" }))
    assert.equals(2, gained("moongate_denied_total", { reason = "script-error" }, 2))
  end)

  it("count plugins and what dictionaries hold", function()
    server:ask("GET /limited")
    server:ask("GET /limited")
    assert.equals(2, gained("moongate_plugin_calls_total",
      { plugin = "rate-limit", hook = "request" }, 2))
    assert.equals(0, gained("moongate_plugin_errors_total", nil, 0))
    local after = scrape(server)
    assert.is_true(after:sum("moongate_dictionary_entries") >= 1)
    assert.is_true(after:sum("moongate_dictionary_bytes") > 0)
    assert.is_true(after:sum("moongate_dictionary_max_bytes") > 0)
    assert.equals(0, after:sum("moongate_dictionary_evictions_total"))
  end)

  it("tell of generations and swaps", function()
    local _, status = pcall(function()
      local connection = client.unix(server, server.dir .. "/admin.sock")
        :request("POST /swap", { "Host: localhost", "Content-Length: 14" }, '{"force":true}')
      return wire.decode(connection:read("POST").body)
    end)
    assert.equals("done", status.result)
    assert.equals(1, gained("moongate_swaps_total", { trigger = "command", result = "done" }))
    local after = scrape(server)
    assert.equals(2, after:value("moongate_generation"))
    assert.equals(1, after:value("moongate_revision_info", { revision = status.revision }))
    assert.equals(1, after:value("moongate_generations", { state = "active" }))
    assert.equals(1, after:value("moongate_generations", { state = "retired" }))
    assert.equals(3, after:value("moongate_resources"))
    -- Counters go on across generations.
    assert.is_true(after:sum("moongate_decisions_total") >= before:sum("moongate_decisions_total"))
    server:ask("GET /orders/1", { "Host: a", ORIGIN })
    assert.equals(1, gained("moongate_decisions_total",
      { resource = "/orders/{id}", reason = "simple-allowed" }))
  end)

  it("never go back", function()
    server:ask("GET /orders/1", { "Host: a", ORIGIN })
    local after = scrape(server)
    for name, family in pairs(before.families) do
      for _, sample in ipairs(family.type == "counter" and family.samples or {}) do
        local now = after:value(name, sample.labels)
        assert.is_true(now >= sample.value, name .. " went back")
      end
    end
    assert.is_true(after:value("moongate_uptime_seconds") > before:value("moongate_uptime_seconds"))
    assert.equals(before:value("process_start_time_seconds"),
      after:value("process_start_time_seconds"))
    assert.is_true(after:value("process_resident_memory_bytes") > 1000000)
    assert.is_true(after:value("process_open_fds") > 5)
    assert.is_true(after:sum("moongate_worker_pass_seconds_count") > 0)
    assert.equals(1, after:value("moongate_ready"))
    assert.equals(2, after:value("moongate_workers"))
  end)
end)

local GATEWAY = [[
upstream "default" { "URL" }
upstream "gone" { "http://127.0.0.1:1" }
upstream "pair" { "http://127.0.0.1:1", "URL" }
upstream "checked" { "http://127.0.0.1:2", check = "/health", check_every = 1 }
default { cors = { origins = { "https://app.example" } } }
resource "/gone" { handler = proxy "gone" }
resource "/pair" { handler = proxy "pair" }
resource "/checked" { handler = proxy "checked" }
]]

describe("metrics of upstreams", function()
  local upstream, server, before
  before_each(function()
    upstream = recorder.listen()
    server = wire.start({ policy = GATEWAY:gsub("URL", upstream.url), admin = "DIR/admin.sock",
      workers = 1, limits = { ["upstream-response"] = "300ms" } })
    before = scrape(server)
  end)
  after_each(function()
    server:stop()
    upstream:close()
  end)

  -- That a sample comes to have `wanted` more than before.
  local function assert_gains(wanted, name, labels)
    local gain
    process.poll(10, function()
      gain = scrape(server):value(name, labels) - before:value(name, labels)
      return gain == wanted
    end)
    assert.equals(wanted, gain, name)
  end

  local function assert_result(wanted, result, name)
    assert_gains(wanted, "moongate_upstream_requests_total",
      { upstream = name or "default", result = result })
  end

  local function send(path, more)
    return server:connect():send("GET " .. path .. " HTTP/1.1\r\nHost: a\r\n"
      .. (more or "") .. "\r\n")
  end

  it("count answers by class, connections that are kept, and bytes", function()
    local connection = send("/x")
    local seen, link = upstream:take()
    assert_gains(1, "moongate_upstream_connections_open")
    assert.equals(0, scrape(server):value("moongate_upstream_connections_idle"))
    link:answer(200, {}, ("x"):rep(1000))
    assert.equals(200, connection:read("GET").status)
    assert_gains(1, "moongate_upstream_connections_idle")
    local sent = #seen.head + 2
    assert_gains(sent, "moongate_upstream_sent_bytes_total")
    assert_gains(#"HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\n" + 1000,
      "moongate_upstream_received_bytes_total")
    local again = send("/x")
    link:read_request()
    link:answer(503)
    assert.equals(503, again:read("GET").status)
    assert_result(1, "2xx")
    assert_result(1, "5xx")
    assert_gains(1, "moongate_upstream_connections_made_total")
    assert_gains(1, "moongate_upstream_connections_reused_total")
    assert_gains(1, "moongate_upstream_connections_idle")
    link:close()
    assert_gains(0, "moongate_upstream_connections_idle")
    assert_gains(0, "moongate_upstream_connections_open")
  end)

  it("count faults by their reason, and requests that clients left", function()
    local late = send("/x")
    local _, silent = upstream:take()
    assert.equals(504, late:read("GET").status)
    assert_result(1, "upstream-timeout")
    silent:close()
    local bad = send("/x")
    local _, link = upstream:take()
    link:send("HTTP/9 nonsense\r\n\r\n")
    assert.equals(502, bad:read("GET").status)
    assert_result(1, "upstream-malformed")
    -- Leaves within its content: one that has asked for all may only have shut its side.
    local left = send("/x", "Content-Length: 5\r\n"):send("abc")
    upstream:accept():read_head()
    left:close()
    assert_result(1, "aborted")
    assert_result(0, "2xx")
  end)

  it("count connections that cannot be made, and the server that is out for that", function()
    for _ = 1, 3 do
      local connection = send("/gone")
      assert.equals(502, connection:read("GET").status)
      connection:close()
    end
    assert_result(3, "upstream-connect", "gone")
    assert_gains(0, "moongate_upstream_connections_made_total")
    assert_gains(1, "moongate_upstream_servers_out", { by = "failures" })
    assert_gains(0, "moongate_upstream_servers_out", { by = "checks" })
  end)

  it("count retries: where none could be made, and where a kept one was stale", function()
    local connection = send("/pair")
    local _, link = upstream:take()
    link:answer(200)
    connection:read("GET")
    assert_gains(1, "moongate_upstream_retries_total", { reason = "connect" })
    local again = send("/x")
    link:read_request()
    link:close()
    local _, fresh = upstream:take()
    fresh:answer(200)
    assert.equals(200, again:read("GET").status)
    assert_gains(1, "moongate_upstream_retries_total", { reason = "stale" })
    assert_result(1, "2xx", "pair")
    assert_result(1, "2xx")
  end)

  it("count tunnels while they are open", function()
    local connection = send("/x", "Origin: https://app.example\r\nConnection: Upgrade\r\n"
      .. "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      .. "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
    local _, link = upstream:take()
    link:send("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert.equals(101, connection:read("GET").status)
    assert_gains(1, "moongate_upstream_tunnels_open")
    assert_result(0, "1xx")
    link:close()
    connection:read_all()
    connection:close()
    assert_gains(0, "moongate_upstream_tunnels_open")
    assert_result(1, "1xx")
  end)

  it("count checks, and the server that is out by them", function()
    local connection = send("/checked")
    assert.is_true(connection:read("GET").status >= 502)
    assert_gains(1, "moongate_upstream_servers_out", { by = "checks" })
    local after = scrape(server)
    assert.is_true(after:value("moongate_upstream_checks_total", { result = "bad" }) >= 2)
    assert.equals(0, after:value("moongate_upstream_checks_total", { result = "good" }))
    -- Checks are no requests of clients.
    assert.equals(1, after:sum("moongate_upstream_requests_total"))
  end)
end)

describe("metrics of many upstreams", function()
  it("have 64 names, and the rest as one", function()
    local lines = {}
    for i = 1, 70 do
      lines[i] = ('upstream "u%d" { "http://127.0.0.1:1" }\n'):format(i)
        .. ('resource "/%d" { handler = proxy "u%d" }'):format(i, i)
    end
    local server = wire.start({ policy = table.concat(lines, "\n"), admin = "DIR/admin.sock",
      workers = 1 })
    for i = 1, 70 do
      server:ask("GET /" .. i)
    end
    local after = scrape(server)
    local name = "moongate_upstream_requests_total"
    assert.equals(65, #after.families[name].samples)
    assert.equals(6, after:sum(name, { upstream = "(other)" }))
    assert.equals(1, after:sum(name, { upstream = "u64" }))
    assert.equals(0, after:sum(name, { upstream = "u65" }))
    server:stop()
  end)
end)
