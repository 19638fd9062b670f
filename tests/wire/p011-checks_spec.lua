--- Checks of servers: whom they speak for, how long they go on, and that nobody waits for them.

local wire = require("tests.wire.support")
local recorder = require("tests.wire.support.recorder")
local swap = require("tests.wire.support.swap")
local process = wire.process

local PATIENCE = tonumber(os.getenv("WIRE_PATIENCE")) or 10

describe("checks", function()
  local upstream, server
  before_each(function()
    upstream = recorder.listen()
  end)
  after_each(function()
    if server then
      server:assert_alive()
      server:stop()
      server = nil
    end
    upstream:close()
  end)

  local function start(policy, limits)
    server = wire.start({ policy = (policy:gsub("URL", upstream.url)), workers = 1,
      limits = limits })
  end

  local function replace(policy)
    local from = swap.mark(server)
    swap.replace(swap.path(server), (policy:gsub("URL", upstream.url)))
    server.process:signal("HUP")
    swap.wait_log(server, "policies swapped", from)
  end

  -- Answers what comes, 404 for /bad and 200 for all else, until `is_done`. Returns how often each
  -- path was asked for.
  local function serve(is_done)
    local counts = setmetatable({}, { __index = function() return 0 end })
    local deadline = process.now() + PATIENCE
    repeat
      assert(process.now() < deadline, "not done: " .. server.process:tail())
      local link = upstream:try_accept(0.02)
      if link then
        local target = link:read_request().target
        counts[target] = counts[target] + 1
        link:answer(target == "/bad" and 404 or 200, { "Connection: close" })
        link:close()
      end
    until is_done(counts)
    return counts
  end

  local function serve_for(seconds)
    local till = process.now() + seconds
    return serve(function()
      return process.now() >= till
    end)
  end

  -- The status of the answer to a GET, which the upstream is there for.
  local function status_of(path)
    local connection = server:connect():request("GET " .. path)
    serve(function()
      connection:receive_some(process.now())
      return connection.received ~= ""
    end)
    local status = connection:read("GET").status
    connection:close()
    return status
  end

  local function wait_down()
    serve(function()
      return server.process:stderr():find("upstream server is down", 1, true)
    end)
  end

  it("of policies that were replaced end, and take nothing out any more", function()
    local policy = 'upstream "a" { "URL", check = "CHECK", check_every = 1 }\n'
      .. 'resource "/{rest...}" { handler = proxy "a" }\n'
    start((policy:gsub("CHECK", "/bad")))
    assert.equals(200, status_of("/x"))
    wait_down()
    assert.equals(503, status_of("/x"))
    replace((policy:gsub("CHECK", "/good")))
    serve_for(0.1) -- what was under way
    assert.equals(200, status_of("/x"))
    local counts = serve_for(2.5)
    assert.equals(0, counts["/bad"])
    assert.is_true(counts["/good"] >= 2, counts["/good"] .. " checks")
    assert.equals(200, status_of("/x"))
  end)

  it("end with their upstream, and begin anew when it is back", function()
    local policy = 'upstream "a" { "URL", check = "/good", check_every = 1 }\n'
      .. 'resource "/{rest...}" { handler = proxy "a" }\n'
    start(policy)
    assert.equals(200, status_of("/x"))
    serve(function(counts)
      return counts["/good"] > 0
    end)
    replace('resource "/{rest...}" { handler = "none" }\n')
    serve_for(0.1)
    upstream:assert_unasked(2.2)
    replace(policy)
    assert.equals(200, status_of("/x"))
    serve(function(counts)
      return counts["/good"] > 1
    end)
  end)

  it("speak for their own upstream alone, though others name the same server", function()
    start([[
      upstream "a" { "URL", check = "/bad", check_every = 1 }
      upstream "b" { "URL" }
      upstream "c" { "URL", check = "/good", check_every = 1 }
      resource "/a" { handler = proxy "a" }
      resource "/b" { handler = proxy "b" }
      resource "/c" { handler = proxy "c" }
    ]])
    for _, path in ipairs({ "/a", "/b", "/c" }) do
      assert.equals(200, status_of(path))
    end
    wait_down()
    serve_for(1.2)
    assert.equals(503, status_of("/a"))
    assert.equals(200, status_of("/b"))
    assert.equals(200, status_of("/c"))
  end)

  it("name the host that requests are sent with", function()
    start([[
      upstream "a" { "URL", check = "/check", host = "api.internal:81" }
      resource "/{rest...}" { handler = proxy "a" }
    ]])
    local connection = server:connect():request("GET /x")
    local hosts = {}
    for _ = 1, 2 do
      local seen, link = upstream:take()
      hosts[seen.target] = seen:get("Host")
      link:answer(200, { "Connection: close" })
    end
    assert.same({ ["/x"] = "api.internal:81", ["/check"] = "api.internal:81" }, hosts)
    connection:close()
  end)

  -- Nobody waits for a check, on a connection of its own or on a kept one.
  for _, is_kept in ipairs({ false, true }) do
    it("that are not answered hold up no stop: " .. (is_kept and "kept" or "new"), function()
      start([[
        upstream "a" { "URL", check = "/check", check_every = 1 }
        resource "/{rest...}" { handler = proxy "a" }
      ]], { ["stop-timeout"] = "20s", ["upstream-response"] = "20s" })
      local close = is_kept and {} or { "Connection: close" }
      local connection = server:connect():request("GET /x")
      local links, asked = {}, {}
      for i = 1, 2 do -- the request and, while that waits, the first check
        local seen, link = upstream:take()
        asked[seen.target], links[i] = true, link
      end
      for _, link in ipairs(links) do
        link:answer(200, close)
      end
      assert.is_true(asked["/x"] and asked["/check"])
      assert.equals(200, connection:read("GET").status)
      connection:close()
      if is_kept then
        local which = process.poll(PATIENCE, function()
          for _, link in ipairs(links) do
            link:receive_some(process.now())
            if link.received ~= "" then
              return link
            end
          end
        end)
        assert.equals("/check", which:read_request().target)
      else
        assert.equals("/check", upstream:take().target)
      end
      local since = process.now()
      server:stop()
      server = nil
      assert.is_true(process.now() - since < 8, "it took " .. process.now() - since .. " s")
    end)
  end
end)
