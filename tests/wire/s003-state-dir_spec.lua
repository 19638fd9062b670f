--- The state directory: what a restart takes, and what a kill or a full disk leaves.

local lfs = require("lfs")
local swap = require("tests.wire.support.swap")
local wire = require("tests.wire.support")

local function policy(name)
  return ('resource "/" { cors = { origins = { "https://%s.example" } }, handler = "none" }\n')
    :format(name)
end
local BROKEN = 'resource "/" { corz = 1 }\n'

local state
local server

local function start(text, program)
  server = wire.start({ policy = text, workers = 2, program = program, access_log = "off",
    admin = "DIR/admin.sock",
    arguments = { "--revision-field", "on", "--state-dir", state } })
end

local function kill()
  server.process:signal("KILL")
  server.process:wait(10)
  wire.process.remove_dir(server.dir)
  server = nil
end

local function allows(name)
  local answer = server:ask("GET /", { "Host: h", "Origin: https://" .. name .. ".example" })
  return answer:get("Access-Control-Allow-Origin") ~= nil
end

-- Runs a command of the admin interface.
local function order(command)
  local status, _, err = wire.run({ command, "--admin", server.dir .. "/admin.sock" })
  assert.equal(0, status, err)
end

-- Waits until all that was asked for is written: unpin does, whether pinned or not.
local function wait_written()
  order("unpin")
end

-- Waits until the state names a revision as active.
local function wait_kept(revision)
  local found = wire.process.poll(10, function()
    local text = wire.process.read_file(state .. "/state") or ""
    return text:find("active " .. revision, 1, true)
      and lfs.attributes(state .. "/set-" .. revision, "mode") == "file"
  end)
  assert(found, "the state does not name " .. revision)
end

-- Waits until nothing is there but what belongs there: the running server may still write.
local function assert_tidy()
  local odd
  assert(wire.process.poll(10, function()
    odd = nil
    for name in lfs.dir(state) do
      local is_known = name == "." or name == ".." or name == "lock" or name == "state"
        or name == "limited" or name:find("^set%-%x+$")
      if not is_known then
        odd = name
      end
    end
    return not odd
  end), "left behind: " .. tostring(odd))
end

describe("the state directory", function()
  before_each(function()
    state = wire.process.make_dir()
  end)
  after_each(function()
    if server then
      server:stop()
      server = nil
    end
    wire.process.remove_dir(state)
  end)

  it("gives a start what worked, when the files are broken or missing", function()
    start({ ["a.lua"] = 'resource "/" { cors = { origins = file "list.txt" }, handler = "none" }\n'
      .. 'resource "/f" { cors = { origins = function() return {} end }, handler = "none" }\n',
      ["list.txt"] = "https://a.example\n" })
    local revision = swap.revision(server)
    wait_kept(revision)
    kill()
    for _, broken in ipairs({ { ["a.lua"] = BROKEN }, {} }) do
      start(broken)
      assert.equal(revision, (swap.revision(server)))
      assert.is_true(allows("a"))
      swap.wait_log(server, "warning started with policies from the state directory")
      swap.wait_log(server, next(broken) and "there is no field 'corz'" or "[set-empty]")
      swap.replace(swap.path(server, "a.lua"), policy("b"))
      swap.wait_revision(server, revision)
      assert.is_true(allows("b"), "mended files are taken up")
      kill()
      start({ ["a.lua"] = policy("a") })
      kill()
      start({ ["a.lua"] = 'resource "/" { cors = { origins = file "list.txt" }, handler = '
        .. '"none" }\nresource "/f" { cors = { origins = function() return {} end }, handler = '
        .. '"none" }\n', ["list.txt"] = "https://a.example\n" })
      wait_kept(revision)
      kill()
    end
  end)

  it("keeps the set before the active one across starts, too", function()
    local function kept_sets()
      wait_written()
      local names = {}
      for name in lfs.dir(state) do
        names[#names + 1] = name:match("^set%-(%x+)$")
      end
      table.sort(names)
      return names
    end
    local function sorted(...)
      local list = { ... }
      table.sort(list)
      return list
    end
    start(policy("a"))
    local a = swap.revision(server)
    swap.replace(swap.path(server), policy("b"))
    local b = swap.wait_revision(server, a)
    wait_kept(b)
    kill()
    for _ = 1, 2 do
      start(policy("b"))
      assert.same(sorted(a, b), kept_sets())
      kill()
    end
    start(policy("c"))
    local c = swap.revision(server)
    assert.same(sorted(b, c), kept_sets())
    kill()
    wire.process.write_file(state .. "/set-" .. c, "spoilt")
    start(BROKEN)
    assert.equal(b, (swap.revision(server)))
  end)

  it("has unpin make good what changed while the server was stopped", function()
    start(policy("a"))
    order("pin")
    kill()
    start(policy("b"))
    local pinned = swap.revision(server)
    assert.is_true(allows("a"), "the pin holds")
    order("unpin")
    swap.wait_revision(server, pinned)
    assert.is_true(allows("b"))
    swap.wait_log(server, "policies swapped trigger=file generation=2")
  end)

  it("is harmless when it is spoilt", function()
    start(policy("a"))
    local revision = swap.revision(server)
    wait_kept(revision)
    kill()
    local set = state .. "/set-" .. revision
    local bytes = wire.process.read_file(set)
    wire.process.write_file(set, (bytes:gsub("https://a", "https://b")))
    start(policy("a"))
    assert.is_true(allows("a"), "whole files do not need it")
    wait_written()
    kill()
    start(BROKEN)
    assert.is_true(allows("a"), "but mend it")
    assert.equal(revision, (swap.revision(server)))
    kill()
    wire.process.write_file(set, (bytes:gsub("https://a", "https://b")))
    local status, _, err = wire.run({ "serve", "--policy", "POLICY", "--listen", "127.0.0.1:0",
      "--state-dir", state }, { policy = BROKEN })
    assert.equal(3, status)
    assert.truthy(err:find("is spoilt: its bytes have another revision", 1, true), err)
    assert.truthy(err:find("there is no field 'corz'", 1, true), err)
    wire.process.write_file(state .. "/state", "moongate-state 1\nactive ")
    start(policy("a"))
    swap.wait_log(server, "is spoilt, or of another version")
    wait_kept(revision)
  end)

  it("is one server's at a time", function()
    start(policy("a"))
    local status, _, err = wire.run({ "serve", "--policy", "POLICY", "--listen", "127.0.0.1:0",
      "--state-dir", state }, { policy = policy("a") })
    assert.equal(4, status)
    assert.truthy(err:find("[state-dir-in-use]", 1, true), err)
  end)

  it("survives a kill at any moment of a swap", function()
    start(policy("a"))
    wait_kept((swap.revision(server)))
    kill()
    -- A list that takes a while to write.
    local list = {}
    for i = 1, 20000 do
      list[i] = ("https://host-%d.example\n"):format(i)
    end
    for round = 1, 6 do
      start({ ["policy.lua"] = policy("a"), ["list.txt"] = table.concat(list) })
      local mark = swap.mark(server)
      swap.replace(swap.path(server), ('resource "/" { cors = { origins = file "list.txt" }, '
        .. 'handler = "none" }\n-- %d\n'):format(round))
      server.process:signal("HUP")
      if round > 1 then
        wire.process.poll(round * 0.01, function()
          return server.process:stderr():find("policies swapped", mark, true)
        end)
      end
      kill()
      start(BROKEN)
      swap.wait_log(server, "started with policies from the state directory")
      assert.is_true(allows("a") or allows("host-1"), "one of both, whole")
      assert_tidy()
      kill()
      start(policy("a"))
      wait_kept((swap.revision(server)))
      kill()
    end
  end)

  it("keeps what it had when the disk is full", function()
    local limited = state .. "/limited"
    -- No file above 64 KiB, which is what a full disk comes to.
    wire.process.write_file(limited, "#!/bin/sh\ntrap '' XFSZ\nulimit -f 128\nexec '"
      .. wire.program() .. "' \"$@\"\n")
    assert(os.execute("chmod +x '" .. limited .. "'"))
    start(policy("a"), limited)
    local first = swap.revision(server)
    wait_kept(first)
    swap.replace(swap.path(server), policy("b") .. "-- " .. ("x"):rep(100000) .. "\n")
    swap.wait_revision(server, first)
    assert.is_true(allows("b"), "it is served all the same")
    swap.wait_log(server, "the state directory was not written")
    kill()
    assert_tidy()
    start(BROKEN)
    assert.equal(first, (swap.revision(server)))
    assert.is_true(allows("a"))
  end)
end)
