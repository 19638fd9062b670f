--- Names of servers: the hosts file, and a name server that says how long its answers hold.

local wire = require("tests.wire.support")
local recorder = require("tests.wire.support.recorder")
local name_server = require("tests.wire.support.name_server")
local process = wire.process

local POLICY = [[
upstream "default" { "http://api.example:PORT" }
upstream "hosts" { "http://localhost:PORT" }
default { }
resource "/hosts" { handler = proxy "hosts" }
]]

describe("name of a server", function()
  local first, second, names, server
  before_each(function()
    first = recorder.listen()
    second = recorder.listen(nil, "127.0.0.2", first.port)
    names = name_server.listen()
    server = wire.start({ policy = POLICY:gsub("PORT", first.port), workers = 1,
      arguments = { "--name-server", names.address } })
  end)
  after_each(function()
    server:assert_alive()
    server:stop()
    first:close()
    second:close()
    names:close()
  end)

  local function send(path)
    return server:connect():send("GET " .. (path or "/") .. " HTTP/1.1\r\nHost: a\r\n\r\n")
  end

  local function finish(connection, link)
    link:read_request()
    link:send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert.equals(200, connection:read("GET").status)
    connection:close()
  end

  it("is found in the hosts file, and nobody is asked", function()
    local connection = send("/hosts")
    finish(connection, first:accept())
    names:assert_unasked(0.1)
  end)

  it("is asked for once, however many requests wait, and holds as long as it is told",
    function()
      local connections = {}
      for i = 1, 5 do
        connections[i] = send()
      end
      names:serve("api.example", { "127.0.0.1" }, 1)
      for _ = 1, 5 do
        local _, link = first:take()
        link:send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
      end
      for i = 1, 5 do
        assert.equals(200, connections[i]:read("GET").status)
        connections[i]:close()
      end
      finish(send(), first:accept())
      names:assert_unasked(0.1)
      -- A second later it is asked for again, and the old address serves until the answer is there.
      local till = process.now() + 1.2
      process.poll(3, function()
        return process.now() >= till
      end)
      finish(send(), first:accept())
      names:serve("api.example", { "127.0.0.2" }, 60)
      local moved = process.poll(5, function()
        local connection = send()
        local link = second:try_accept(0.2)
        if not link then
          finish(connection, first:accept())
          return false
        end
        finish(connection, link)
        return true
      end)
      assert.is_true(moved, "the new address is never used")
    end)

  it("that has no address: 502, and it is asked for again a moment later", function()
    local connection = send()
    names:serve("api.example", {}, 0, 3)
    local answer = connection:read("GET")
    assert.equals(502, answer.status)
    assert.is_truthy(answer.body:find("upstream-resolve", 1, true))
    connection:close()
    local found = process.poll(5, function()
      connection = send()
      local question = names:question(0.1)
      if not question then
        assert.equals(502, connection:read("GET").status)
        connection:close()
        return false
      end
      names:answer(question, { "127.0.0.1" }, 60)
      names:answer(names:question(5), { "127.0.0.1" }, 60)
      return true
    end)
    assert.is_true(found, "it was never asked for again")
    finish(connection, first:accept())
  end)

  it("whose servers say nothing: 502", function()
    local connection = send()
    connection.patience = 30
    assert.equals(502, connection:read("GET").status)
    connection:close()
  end)

  it("of several addresses: the next is tried where one does not answer", function()
    local connection = send()
    names:serve("api.example", { "127.0.0.3", "127.0.0.2" }, 60)
    finish(connection, second:accept())
  end)

  it("is no longer waited for by a client that has gone", function()
    local connection = send()
    assert.is_truthy(names:question(5))
    connection:close(true)
    server:stop()
    server = wire.start({ policy = POLICY:gsub("PORT", first.port), workers = 1 })
  end)
end)
