--- Real upstreams, nginx and Node, over TCP and Unix sockets; several of them, some down; and one
-- that is restarted under load.

local wire = require("tests.wire.support")
local recorder = require("tests.wire.support.recorder")
local process = wire.process

local FOLDER = require("lfs").currentdir() .. "/tests/wire/upstreams/"

local NGINX = [[
daemon off; worker_processes 1; pid DIR/nginx.pid; error_log DIR/error.log; USER
events { worker_connections 1024; }
http {
  access_log off; default_type text/plain; client_max_body_size 1k; keepalive_timeout 60s;
  client_body_temp_path DIR/a; proxy_temp_path DIR/b; fastcgi_temp_path DIR/c;
  uwsgi_temp_path DIR/d; scgi_temp_path DIR/e;
  server {
    listen unix:DIR/nginx.sock;
    root DIR;
    location /load { default_type application/json; return 200 '{"name":"nginx"}'; }
    location /cors { add_header Access-Control-Allow-Origin *; return 200 "x"; }
    location /redirect { return 301 /elsewhere; }
  }
}
]]

-- Runs a program and waits until it listens. Returns it with its first line of output.
local function spawn(argv, dir, ready)
  local child = process.spawn(argv, dir)
  local line = process.poll(10, function()
    return ready(child) or (child:status() and "ended")
  end)
  assert(line and line ~= "ended", argv[1] .. " did not start " .. child:tail())
  return child, line
end

local function start_node(name, where)
  local child, port = spawn({ "node", FOLDER .. "server.mjs", name, where }, process.make_dir(),
    function(child)
      return child:stdout():match("listening (%S+)\n")
    end)
  return { process = child, port = port, url = where and where:find("/") and "unix:" .. where
    or "http://127.0.0.1:" .. port }
end

local function start_nginx()
  local dir = process.make_dir()
  local user = process.read_file("/proc/self/status"):match("Uid:%s*(%d+)") == "0" and "user root;"
    or ""
  process.write_file(dir .. "/nginx.conf", (NGINX:gsub("DIR", dir):gsub("USER", user)))
  process.write_file(dir .. "/large", ("x"):rep(1 << 20))
  local child = spawn({ "nginx", "-e", dir .. "/error.log", "-p", dir, "-c", dir .. "/nginx.conf" },
    dir, function()
      return process.read_file(dir .. "/nginx.pid") ~= nil
        and require("lfs").attributes(dir .. "/nginx.sock", "mode") == "socket"
    end)
  return { process = child, dir = dir, url = "unix:" .. dir .. "/nginx.sock" }
end

-- By force; nginx in order, or its worker would stay behind.
local function stop(upstream)
  upstream.process:signal(upstream.dir and "TERM" or "KILL")
  upstream.process:wait(10)
end

local POLICY = [[
upstream "default" { URLS }
default { cors = { origins = { "https://app.example" } } }
]]

local function start(urls, options)
  local quoted = {}
  for i, url in ipairs(urls) do
    quoted[i] = string.format("%q", url)
  end
  local policy = POLICY:gsub("URLS", table.concat(quoted, ", ") .. (options and options.more or ""))
  return wire.start({ policy = policy, workers = options and options.workers or 1,
    limits = options and options.limits })
end

describe("nginx", function()
  local nginx, server
  setup(function()
    nginx = start_nginx()
    server = start({ nginx.url })
  end)
  teardown(function()
    server:stop()
    stop(nginx)
  end)
  after_each(function()
    server:assert_alive()
  end)

  it("serves files, whole, in part and not at all when they are known", function()
    local answer = server:ask("GET /large")
    assert.equals(1 << 20, #answer.body)
    local etag = answer:get("ETag")
    answer = server:ask("GET /large", { "Host: a", "Range: bytes=10-19" })
    assert.equals(206, answer.status)
    assert.equals(10, #answer.body)
    answer = server:ask("GET /large", { "Host: a", "If-None-Match: " .. etag })
    assert.equals(304, answer.status)
    answer = server:ask("HEAD /large")
    assert.equals("1048576", answer:get("Content-Length"))
  end)

  it("has its CORS fields replaced, and its errors made readable", function()
    local fields = { "Host: a", "Origin: https://app.example" }
    for path, status in pairs({ ["/cors"] = 200, ["/redirect"] = 301, ["/none"] = 404 }) do
      local answer = server:ask("GET " .. path, fields)
      assert.equals(status, answer.status)
      assert.same({ "https://app.example" }, answer:all("Access-Control-Allow-Origin"))
    end
  end)

  it("refuses too much content before it has read it, and the client learns why", function()
    local connection = server:connect():send(
      "POST /load HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
    connection:try_send(("x"):rep(5000000), 5)
    assert.equals(413, connection:read("POST").status)
    connection:close()
  end)
end)

describe("Node", function()
  local node, server
  setup(function()
    node = start_node("node")
    server = start({ node.url })
  end)
  teardown(function()
    server:stop()
    stop(node)
  end)
  after_each(function()
    server:assert_alive()
  end)

  it("sees chunks, lengths and no content as they were sent", function()
    local told = wire.decode(server:ask("POST /x",
      { "Host: a", "Transfer-Encoding: chunked" }, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").body)
    assert.equals(5, told.octets)
    told = wire.decode(server:ask("PUT /x?y=1", { "Host: a", "Content-Length: 2" }, "ab").body)
    assert.equals(2, told.octets)
    assert.equals("/x?y=1", told.url)
    assert.equals(0, wire.decode(server:ask("GET /x").body).octets)
  end)

  it("has its chunks, trailers and hints passed on", function()
    local answer = server:ask("GET /chunked")
    assert.equals("one two", answer.body)
    answer = server:ask("GET /trailers")
    assert.equals("X-Sum: 7\r\n", answer.trailers)
    local final, connection, interim = server:exchange("GET /hints HTTP/1.1\r\nHost: a\r\n\r\n")
    assert.equals(200, final.status)
    assert.equals(103, interim[1].status)
    assert.equals("</a.css>; rel=preload", interim[1]:get("Link"))
    connection:close()
  end)

  it("answers all that was pipelined by a client that then ended its side", function()
    for _ = 1, 60 do -- the end and an answer have to come in one turn of the loop
      local connection = server:connect():send(("GET /load HTTP/1.1\r\nHost: a\r\n\r\n"):rep(5))
      connection:finish()
      for _ = 1, 5 do
        assert.equals(200, connection:read("GET").status)
      end
      connection:assert_closed()
      connection:close()
    end
  end)

  it("refuses content before it was read", function()
    local connection = server:connect():send(
      "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
    connection:try_send(("x"):rep(5000000), 5)
    local answer = connection:read("POST")
    assert.equals(413, answer.status)
    assert.equals("too much", answer.body)
    connection:close()
  end)

  it("makes a WebSocket", function()
    local connection = server:connect():send("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
      .. "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      .. "Sec-WebSocket-Version: 13\r\nOrigin: https://app.example\r\n\r\n")
    local answer = connection:read("GET")
    assert.equals("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer:get("Sec-WebSocket-Accept"))
    for i = 1, 5 do
      connection:send("frame " .. i)
      while #connection.received < 7 do
        assert.is_true(connection:receive_some(process.now() + 5))
      end
      assert.equals("frame " .. i, connection.received)
      connection.received = ""
    end
    connection:close()
  end)
end)

describe("several servers", function()
  local first, second, third
  setup(function()
    first, second, third = recorder.listen(), recorder.listen(), recorder.listen()
  end)
  teardown(function()
    first:close()
    second:close()
    third:close()
  end)
  after_each(function()
    first:reset()
    second:reset()
    third:reset()
  end)

  -- Sends a request; returns which of the recorders gets it, and both ends.
  local function ask(server, recorders)
    local connection = server:connect():send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    local who, link
    process.poll(5, function()
      for i, one in ipairs(recorders) do
        link = one:try_accept(0)
        if link then
          who = i
          return true
        end
      end
    end)
    assert(who, "no server was asked")
    link:read_request()
    return who, connection, link
  end

  it("are asked in turn", function()
    local server = start({ first.url, second.url, third.url })
    local order = {}
    for i = 1, 6 do
      local who, connection, link = ask(server, { first, second, third })
      order[i] = who
      link:send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
      connection:read("GET")
      connection:close()
    end
    assert.same({ 1, 2, 3, 1, 2, 3 }, order)
    server:stop()
  end)

  it("are asked by how busy they are", function()
    local server = start({ first.url, second.url }, { more = ', balance = "least-connections"' })
    local busy, connection1, link1 = ask(server, { first, second })
    for _ = 1, 4 do
      local who, connection, link = ask(server, { first, second })
      assert.not_equals(busy, who)
      link:send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
      connection:read("GET")
      connection:close()
      link:is_closed(5)
    end
    link1:answer(200, {})
    connection1:read("GET")
    connection1:close()
    server:stop()
  end)

  it("of which one is down: the other is asked, also for a POST", function()
    local server = start({ "http://127.0.0.1:1", first.url })
    local link
    for _ = 1, 6 do -- on a new connection, and then on the kept one
      local connection = server:connect():send(
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
      link = link or first:accept()
      assert.equals("abc", link:read_request().body)
      link:answer(200, {})
      assert.equals(200, connection:read("POST").status)
      connection:close()
    end
    server:stop()
  end)

  it("of which one fails again and again is left out for a while, and asked again", function()
    local server = start({ first.url, second.url })
    -- Three failures of the first in a row.
    for _ = 1, 3 do
      local who, connection, link = ask(server, { first, second })
      while who ~= 1 do
        link:send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        connection:read("GET")
        connection:close()
        who, connection, link = ask(server, { first, second })
      end
      link:close()
      assert.equals(502, connection:read("GET").status)
      connection:close()
    end
    local since = process.now()
    local left_out, returned = 0, false
    while not returned and process.now() - since < 10 do
      local who, connection, link = ask(server, { first, second })
      returned = who == 1
      left_out = left_out + (returned and 0 or 1)
      link:send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
      connection:read("GET")
      connection:close()
    end
    assert.is_true(left_out > 3, "it was asked at once")
    assert.is_true(returned, "it was never asked again")
    assert.is_true(process.now() - since > 0.8)
    server:stop()
  end)
end)

describe("checks", function()
  it("take a server out, and bring it back, without a request being lost", function()
    local first = recorder.listen()
    local server = start({ first.url }, { more = ', check = "/healthz", check_every = 1' })
    local function answer_checks(status, count)
      for _ = 1, count do
        local link = first:accept()
        local seen = link:read_request()
        assert.equals("/healthz", seen.target)
        assert.equals("moongate-check", seen:get("User-Agent"))
        link:send("HTTP/1.1 " .. status
          .. " X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        link:is_closed(5)
      end
    end
    local function ask()
      return server:connect():send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    end
    -- The first request begins the checks.
    local connection = ask()
    local link = first:accept()
    assert.equals("/x", link:read_request().target)
    link:send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert.equals(200, connection:read("GET").status)
    connection:close()
    answer_checks(503, 2)
    assert.is_truthy(process.poll(5, function()
      return server.process:stderr():find("upstream server is down", 1, true)
    end))
    connection = ask()
    local answer = connection:read("GET")
    assert.equals(503, answer.status)
    assert.is_truthy(answer.body:find("upstream-down", 1, true))
    connection:close()
    answer_checks(204, 2)
    assert.is_truthy(process.poll(5, function()
      return server.process:stderr():find("upstream server is up", 1, true)
    end))
    server:stop()
    first:close()
  end)
end)

describe("an upstream that is restarted under load", function()
  -- Runs the load and, meanwhile, `act`. Returns what the load has counted.
  local function load(server, clients, milliseconds, method, act)
    local child = process.spawn({ "node", FOLDER .. "load.mjs", tostring(server.port),
      tostring(clients), tostring(milliseconds), method }, process.make_dir())
    process.poll(10, function()
      return child:stdout():find("loading\n", 1, true)
    end)
    act()
    assert.equals(0, child:wait(30), child:tail())
    local result = wire.decode(child:stdout():match("\n({.*})\n"))
    assert.equals(0, result.broken)
    assert.equals(0, result.unreadable, "answers that no script can read")
    for status in pairs(result.statuses) do
      assert.is_true(status == "200" or status == "502", "status " .. status)
    end
    return result.statuses["200"] or 0, result.statuses["502"] or 0, result
  end

  local function wait(seconds)
    local till = process.now() + seconds
    process.poll(seconds + 1, function()
      return process.now() >= till
    end)
  end

  it("in order loses nothing: nginx reloads three times", function()
    local nginx = start_nginx()
    local server = start({ nginx.url })
    local good, bad = load(server, 16, 1500, "GET", function()
      for _ = 1, 3 do
        wait(0.3)
        nginx.process:signal("HUP")
      end
    end)
    assert.is_true(good > 500, good .. " answers")
    assert.equals(0, bad)
    server:stop()
    stop(nginx)
  end)

  for _, method in ipairs({ "GET", "POST" }) do
    it("by force loses at most what was in flight: " .. method, function()
      local clients = 16
      local one, other = start_node("one"), start_node("other")
      local server = start({ one.url, other.url })
      local good, bad, result = load(server, clients, 2500, method, function()
        wait(0.5)
        stop(other)
        wait(0.3)
        other = start_node("other", other.port)
      end)
      assert.is_true(good > 500, good .. " answers")
      assert.is_true(bad <= clients, bad .. " failed, with " .. clients .. " in flight at most")
      assert.is_true(result.servers.one > 0 and result.servers.other > 0)
      server:stop()
      stop(one)
      stop(other)
    end)
  end
end)
