--- What brings new policies: files that change, however they do, and SIGHUP; and what is told.

local lfs = require("lfs")
local swap = require("tests.wire.support.swap")
local wire = require("tests.wire.support")

local function policy(name)
  return ('resource "/" { cors = { origins = { "https://%s.example" } }, handler = "none" }\n')
    :format(name)
end

local server

local function start(files, ...)
  server = wire.start({ policy = files, workers = 2,
    arguments = { "--revision-field", "on", ... } })
end

local function allows(name)
  local answer = server:ask("GET /", { "Host: h", "Origin: https://" .. name .. ".example" })
  return answer:get("Access-Control-Allow-Origin") ~= nil
end

-- Does something to the files, and expects another revision that allows `name`.
local function expect(name, change)
  local before = swap.revision(server)
  change()
  swap.wait_revision(server, before)
  assert.is_true(allows(name), "allowed now: " .. name)
end

local function shell(...)
  assert(os.execute(string.format(...)))
end

describe("policies that change on disk", function()
  after_each(function()
    if server then
      server:assert_alive()
      server:stop()
      server = nil
    end
  end)

  it("are live soon, whether written in place, renamed over, added or removed", function()
    start({ ["a.lua"] = policy("a") })
    expect("b", function() wire.process.write_file(swap.path(server, "a.lua"), policy("b")) end)
    expect("c", function() swap.replace(swap.path(server, "a.lua"), policy("c")) end)
    expect("c", function()
      swap.replace(swap.path(server, "b.lua"), 'resource "/b" { handler = "none" }\n')
    end)
    expect("c", function() assert(os.remove(swap.path(server, "b.lua"))) end)
    swap.wait_log(server, "policies swapped trigger=file generation=5")
    swap.wait_log(server, "gains")
  end)

  it("are followed through includes and lists", function()
    start({
      ["a.lua"] = 'local name = include "_name.lua"\nresource "/" { cors = { origins = '
        .. 'file "list.txt" }, handler = "none" }\nresource("/" .. name) { handler = "none" }\n',
      ["_name.lua"] = 'return "one"\n',
      ["list.txt"] = "https://a.example\n",
    })
    expect("b", function()
      wire.process.write_file(swap.path(server, "list.txt"), "https://b.example\n")
    end)
    expect("b", function() swap.replace(swap.path(server, "_name.lua"), 'return "two"\n') end)
  end)

  it("are not read half written because another one was saved", function()
    start({
      ["a.lua"] = 'resource "/" { cors = { origins = file "list.txt" }, handler = "none" }\n',
      ["b.lua"] = 'resource "/b" { handler = "none" }\n',
      ["list.txt"] = "https://old.example\n",
    })
    local before = swap.revision(server)
    local list = assert(io.open(swap.path(server, "list.txt"), "wb"))
    assert(list:write("https://a.example\n"))
    assert(list:flush())
    local written = wire.process.now()
    wire.process.write_file(swap.path(server, "b.lua"), 'resource "/c" { handler = "none" }\n')
    local is_read = wire.process.poll(0.4, function()
      return swap.revision(server) ~= before
    end)
    -- A machine that stands still has the second pass that an open file has.
    local is_early = is_read and wire.process.now() - written < 0.9
    assert(list:write("https://b.example\n"))
    assert(list:close())
    assert.is_falsy(is_early, "read within the second")
    assert.truthy(wire.process.poll(10, function() return allows("b") end))
    assert.is_true(allows("a"))
  end)

  it("are taken whole from a Kubernetes volume", function()
    start({ ["z.lua"] = 'resource "/z" { handler = "none" }\n' })
    local dir = server.dir .. "/policies"
    local function volume(version, name)
      shell("mkdir '%s/..%s'", dir, version)
      for _, file in ipairs({ "a", "b" }) do
        wire.process.write_file(("%s/..%s/%s.lua"):format(dir, version, file),
          file == "a" and policy(name) or ('resource "/b%s" { handler = "none" }\n'):format(name))
      end
      shell("ln -s '..%s' '%s/..data_tmp' && mv -T '%s/..data_tmp' '%s/..data'", version, dir,
        dir, dir)
    end
    expect("a", function()
      volume("one", "a")
      shell("ln -s ..data/a.lua '%s/a.lua' && ln -s ..data/b.lua '%s/b.lua'", dir, dir)
    end)
    expect("b", function() volume("two", "b") end)
    shell("rm -r '%s/..one'", dir)
    expect("c", function() volume("three", "c") end)
    local _, answer = swap.revision(server, "/bc")
    assert.equal("no-handler", answer.body:match("^404 Not Found: (%S+)"))
  end)

  it("are found again in a directory that was deleted and made again", function()
    start({ ["a.lua"] = policy("a") })
    local mark = swap.mark(server)
    shell("rm -r '%s/policies'", server.dir)
    swap.wait_log(server, "[path-not-found]", mark)
    assert.is_true(allows("a"), "the old ones serve")
    expect("b", function()
      assert(lfs.mkdir(server.dir .. "/policies"))
      wire.process.write_file(swap.path(server, "a.lua"), policy("b"))
    end)
  end)

  it("change nothing where they have faults, and all faults are told", function()
    start({ ["a.lua"] = policy("a"), ["b.lua"] = 'resource "/b" { handler = "none" }\n' })
    local before = swap.revision(server)
    local mark = swap.mark(server)
    wire.process.write_file(swap.path(server, "a.lua"), 'resource "/" { corz = 1 }\n')
    wire.process.write_file(swap.path(server, "b.lua"),
      '\n\nresource "/b" { methods = { "TRACE" } }\n')
    swap.wait_log(server, "b.lua:3: error", mark)
    swap.wait_log(server, "a.lua:1: error: /: there is no field 'corz'", mark)
    swap.wait_log(server, "policies not swapped trigger=file result=invalid", mark)
    assert.equal(before, (swap.revision(server)))
    expect("c", function()
      wire.process.write_file(swap.path(server, "a.lua"), policy("c"))
      wire.process.write_file(swap.path(server, "b.lua"), 'resource "/b" { handler = "none" }\n')
    end)
  end)

  it("are told of where they cannot be read", function()
    start({ ["a.lua"] = policy("a") })
    local before = swap.revision(server)
    local mark = swap.mark(server)
    -- A link to nothing, since root reads everything.
    shell("ln -s nowhere '%s'", swap.path(server, "b.lua"))
    swap.wait_log(server, "b.lua'", mark)
    swap.wait_log(server, "result=invalid", mark)
    assert.equal(before, (swap.revision(server)))
    assert(os.remove(swap.path(server, "b.lua")))
    swap.replace(swap.path(server, "a.lua"), policy("b"))
    swap.wait_revision(server, before)
  end)

  it("end at the bounds of loading, while the old ones serve", function()
    start({ ["a.lua"] = policy("a") })
    for code, text in pairs({
      ["policy-timeout"] = "while true do end",
      ["policy-memory"] = 'local t = {} while true do t[#t + 1] = ("x"):rep(1000) end',
    }) do
      local mark = swap.mark(server)
      swap.replace(swap.path(server, "a.lua"), text)
      for _ = 1, 20 do
        assert.is_true(allows("a"), "it serves while it loads")
      end
      swap.wait_log(server, "[" .. code .. "]", mark)
    end
    assert.is_true(allows("a"))
  end)

  it("are read on SIGHUP alone with --watch off", function()
    start({ ["a.lua"] = policy("a") }, "--watch", "off")
    local before = swap.revision(server)
    wire.process.write_file(swap.path(server, "a.lua"), policy("b"))
    server.process:signal("HUP")
    swap.wait_revision(server, before)
    swap.wait_log(server, "policies swapped trigger=signal generation=2")
    local mark = swap.mark(server)
    server.process:signal("HUP")
    swap.wait_log(server, "trigger=signal result=unchanged", mark)
  end)

  it("leave the generation and the revision in the access log", function()
    start({ ["a.lua"] = policy("a") })
    expect("b", function() swap.replace(swap.path(server, "a.lua"), policy("b")) end)
    local connection = server:connect():request("GET /", { "Host: h" })
    local answer = connection:read("GET")
    local record = server:record(connection)
    assert.equal(2, record.generation)
    assert.equal(answer:get("Moongate-Revision"), record.revision)
    connection:close()
  end)
end)

describe("plugins across a swap", function()
  after_each(function()
    if server then
      server:stop()
      server = nil
    end
  end)

  it("keep what their dictionaries have", function()
    local function limited(extra)
      return 'resource "/" { handler = respond { status = 200, body = "x" } }\n'
        .. 'plugin "rate-limit" { requests = 3, per = "address", window = "1h" }\n' .. extra
    end
    server = wire.start({ policy = limited(""), workers = 2,
      arguments = { "--revision-field", "on", "--plugins", wire.plugins } })
    local connection = server:connect()
    local function status()
      return connection:request("GET /", { "Host: h" }):read("GET")
    end
    local before = status():get("Moongate-Revision")
    assert.equal(200, status().status)
    swap.replace(swap.path(server), limited("-- other bytes\n"))
    swap.wait_log(server, "policies swapped")
    local third = status()
    assert.equal(200, third.status)
    assert.are_not.equal(before, third:get("Moongate-Revision"))
    assert.equal(429, status().status)
    connection:close()
  end)

  it("in C are loaded anew when their bytes are others", function()
    local built = wire.program():match("^(.*)/") .. "/plugins/request-id"
    local plugins = wire.process.make_dir()
    shell("cp -r '%s' '%s/'", built, plugins)
    local object = plugins .. "/request-id/request-id.so"
    server = wire.start({ workers = 2,
      policy = 'resource "/" { handler = respond { status = 200, body = "x" } }\n'
        .. 'plugin "request-id" {}\n',
      arguments = { "--revision-field", "on", "--plugins", plugins } })
    local before, answer = swap.revision(server)
    assert.truthy(answer:get("X-Request-Id"))
    -- Bytes behind the end of an ELF file change nothing that it does.
    local bytes = wire.process.read_file(object)
    swap.replace(object, bytes .. "another build")
    local after = swap.wait_revision(server, before)
    answer = select(2, swap.revision(server))
    assert.truthy(answer:get("X-Request-Id"))
    -- In place, as a compiler writes it: the old one goes on from its copy.
    wire.process.write_file(object, "no ELF")
    swap.wait_log(server, "[plugin-native]")
    local still, alive = swap.revision(server)
    assert.equal(after, still)
    assert.truthy(alive:get("X-Request-Id"))
    wire.process.write_file(object, bytes)
    assert.equal(before, swap.wait_revision(server, after))
    wire.process.remove_dir(plugins)
  end)
end)

describe("a service manager", function()
  it("is told of a swap by SIGHUP, and when it is over, whatever came of it", function()
    local dir = wire.process.make_dir()
    local told = require("socket.unix").dgram()
    assert(told:bind(dir .. "/notify"))
    told:settimeout(30)
    local function expect_word(pattern)
      local word = assert(told:receive())
      assert.truthy(word:find(pattern), word)
    end
    server = wire.start({ policy = policy("a"),
      environment = { "NOTIFY_SOCKET=" .. dir .. "/notify" },
      arguments = { "--watch", "off" } })
    expect_word("^READY=1$")
    for _, text in ipairs({ policy("b"), "resource {", policy("b") }) do
      swap.replace(swap.path(server), text)
      server.process:signal("HUP")
      expect_word("^RELOADING=1\nMONOTONIC_USEC=%d+$")
      expect_word("^READY=1$")
    end
    assert.is_true(allows("b"))
    server.process:signal("TERM")
    expect_word("^STOPPING=1$")
    server:assert_left(40)
    server = nil
    told:close()
    wire.process.remove_dir(dir)
  end)
end)
