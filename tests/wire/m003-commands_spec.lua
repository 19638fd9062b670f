--- status, swap, rollback, pin, unpin and shadow against a running server.

local wire = require("tests.wire.support")
local process = wire.process

local function policy(origin)
  local text = 'resource "/" { cors = { origins = { "https://%s" } }, handler = "echo" }\n'
  return text:format(origin)
end

local function assert_says(text, ...)
  for _, part in ipairs({ ... }) do
    assert(text:find(part, 1, true), ("%q is not in:\n%s"):format(part, text))
  end
end

describe("commands to a running server", function()
  local server
  before_each(function()
    server = wire.start({ policy = policy("a.example"), admin = "DIR/admin.sock",
      arguments = { "--watch", "off" } })
  end)
  after_each(function()
    server:stop()
  end)

  local function write(text)
    process.write_file(server.dir .. "/policies/policy.lua", text)
  end

  local function run(...)
    local words = { ... }
    table.move({ "--admin", server.dir .. "/admin.sock" }, 1, 2, #words + 1, words)
    local status, out, err = wire.run(words)
    return status, out, err
  end

  -- The origin that is allowed now.
  local function allows(origin)
    local answer = server:ask("GET /", { "Host: a", "Origin: https://" .. origin })
    return answer:get("Access-Control-Allow-Origin") ~= nil
  end

  it("swap serves by what is in the files when it ends, on all workers", function()
    write(policy("b.example"))
    assert.is_true(allows("a.example"))
    local status, out, err = run("swap")
    assert.equals(0, status, err)
    assert_says(out, "swapped: generation 2, revision ", "changes: ")
    for _ = 1, 8 do
      assert.is_true(allows("b.example"))
      assert.is_false(allows("a.example"))
    end
    status, out = run("swap")
    assert.equals(0, status)
    assert_says(out, "unchanged: generation 2, revision ")
  end)

  it("swap prints faults as check does, and changes nothing", function()
    write('resorce "/" {}\nresource "/b" { cors = { origins = { "https://b.example/" } } }\n')
    local checked, _, check = wire.run({ "check", server.dir .. "/policies" })
    local status, out, err = run("swap")
    assert.equals(3, checked)
    assert.equals(3, status)
    assert.equals("", out)
    assert_says(err, "invalid", "nothing was changed")
    local faults = {}
    for line in check:gmatch("[^\n]+") do
      faults[#faults + 1] = line
      assert_says(err, line .. "\n")
    end
    assert.is_true(#faults >= 1)
    assert.is_true(allows("a.example"))
    local told, text, faults_of_status = run("status")
    assert.equals(0, told)
    assert_says(text, "not swapped at ", "asked for by command: invalid")
    assert_says(faults_of_status, faults[1])
  end)

  it("swap takes other policies, relative to where it runs", function()
    local dir = process.make_dir()
    process.write_file(dir .. "/other.lua", policy("c.example"))
    local status, _, err = run("swap", "--policy", dir .. "/other.lua")
    assert.equals(0, status, err)
    assert.is_true(allows("c.example"))
    process.remove_dir(dir)
    local missing
    missing, _, err = run("swap", "--policy", "nowhere.lua")
    assert.equals(3, missing)
    assert_says(err, "/nowhere.lua")
    assert.is_nil(err:find(server.dir, 1, true)) -- it is the client's directory that counts
    assert.is_true(allows("c.example"))
  end)

  it("rollback goes back at once, and what was left stays away until it is forced", function()
    write(policy("b.example"))
    assert.equals(0, (run("swap")))
    local status, out = run("rollback")
    assert.equals(0, status)
    assert_says(out, "rolled back: generation 1, revision ")
    assert.is_true(allows("a.example"))
    local refused, _, err = run("swap")
    assert.equals(1, refused)
    assert_says(err, "rejected", "--force")
    assert.equals(0, (run("swap", "--force")))
    assert.is_true(allows("b.example"))
    assert.equals(0, (run("rollback", "1")))
    assert.is_true(allows("a.example"))
    refused, _, err = run("rollback", "41")
    assert.equals(1, refused)
    assert_says(err, "nothing")
  end)

  it("pin keeps swaps away, unpin lets them in", function()
    local status, out = run("pin")
    assert.equals(0, status)
    assert_says(out, "pinned: generation 1, revision ")
    write(policy("b.example"))
    local refused, _, err = run("swap", "--force")
    assert.equals(1, refused)
    assert_says(err, "pinned")
    assert_says(select(2, run("status")), "pinned")
    status, out = run("unpin")
    assert.equals(0, status)
    assert_says(out, "not pinned: generation 1")
    assert.equals(0, (run("swap")))
    assert.is_true(allows("b.example"))
  end)

  it("shadow is told of, promoted and discarded", function()
    local none, _, err = run("shadow", "status")
    assert.equals(1, none)
    assert_says(err, "swap --shadow")
    write(policy("b.example"))
    local status, out = run("swap", "--shadow")
    assert.equals(0, status)
    assert_says(out, "shadow loaded: generation 2, revision ")
    assert.is_true(allows("a.example"))
    for _ = 1, 60 do
      server:ask("GET /", { "Host: a", "Origin: https://b.example" })
    end
    local judged = process.poll(10, function()
      local told = wire.decode((select(2, run("shadow", "status", "--json"))))
      return told.sampled >= 4 and told.differing == told.sampled
        and told.wider + told.narrower == told.sampled
    end)
    assert.is_true(judged)
    local _, text = run("shadow", "status")
    assert_says(text, "shadow: revision ", "judged ", " differ, ", " of them wider, ")
    status, out = run("shadow", "promote")
    assert.equals(0, status)
    assert_says(out, "promoted: generation ")
    assert.is_true(allows("b.example"))
    write(policy("c.example"))
    assert.equals(0, (run("swap", "--shadow")))
    status, out = run("shadow", "discard")
    assert.equals(0, status)
    assert_says(out, "discarded: revision ")
    assert.is_true(allows("b.example"))
    assert.equals(1, (run("shadow", "promote")))
  end)

  it("shadow promote takes a revision that was rolled back only by --force", function()
    write(policy("b.example"))
    assert.equals(0, (run("swap")))
    assert.equals(0, (run("rollback")))
    assert.equals(0, (run("swap", "--shadow")))
    local status, _, err = run("shadow", "promote")
    assert.equals(1, status)
    assert_says(err, "was rolled back", "--force")
    assert.is_true(allows("a.example"))
    local forced, out = run("shadow", "promote", "--force")
    assert.equals(0, forced)
    assert_says(out, "promoted: generation ")
    assert.is_true(allows("b.example"))
  end)

  it("status tells of generations and workers", function()
    write(policy("b.example"))
    run("swap")
    local status, out, err = run("status")
    assert.equals(0, status)
    assert.equals("", err)
    assert_says(out, "ready", "listening on " .. server.addresses[1], "files are not watched")
    assert.matches("\n +2  active  ", out)
    assert.matches("\n +1  retired  ", out)
    assert.matches("\n +0 +2  %x+ ", out)
    assert.matches("\n +1 +2  %x+ ", out)
  end)

  it("--json is the server's document", function()
    for _, row in ipairs({ { { "status" }, 0, "generations" }, { { "swap" }, 0, "result" },
      { { "pin" }, 0, "pinned" }, { { "unpin" }, 0, "pinned" }, { { "rollback" }, 1, "result" },
      { { "shadow", "promote" }, 1, "result" } }) do
      local words = row[1]
      words[#words + 1] = "--json"
      local status, out, err = run(table.unpack(words))
      assert.equals(row[2], status, err)
      assert.is_not_nil(wire.decode(out)[row[3]], out)
    end
    write("nonsense")
    local status, out, err = run("swap", "--json")
    assert.equals(3, status)
    assert.equals("", err)
    assert.equals("policy-syntax", wire.decode(out).diagnostics[1].code)
  end)
end)

describe("commands without a server", function()
  local dir
  before_each(function()
    dir = process.make_dir()
  end)
  after_each(function()
    process.remove_dir(dir)
  end)

  for _, words in ipairs({ { "status" }, { "swap" }, { "rollback" }, { "pin" }, { "unpin" },
    { "shadow", "status" }, { "shadow", "promote" }, { "shadow", "discard" } }) do
    it(table.concat(words, " ") .. ": 4, and what to do", function()
      local argv = { table.unpack(words) }
      table.move({ "--admin", dir .. "/none.sock" }, 1, 2, #argv + 1, argv)
      local status, out, err = wire.run(argv)
      assert.equals(4, status)
      assert.equals("", out)
      assert_says(err, "no server answers", dir .. "/none.sock", "moongate serve", "--admin")
    end)
  end

  it("a server that has ended: 4", function()
    local server = wire.start({ policy = policy("a.example"), admin = "DIR/admin.sock" })
    server.process:signal("KILL")
    server.process:wait(20)
    local status, _, err = wire.run({ "status", "--admin", server.dir .. "/admin.sock" })
    assert.equals(4, status)
    assert_says(err, "no server answers")
    process.remove_dir(server.dir)
  end)

  it("what is no Moongate: 4", function()
    local other = 'resource "/status" { handler = respond { body = "hi" } }\n'
    local server = wire.start({ policy = other, listen = { "unix:DIR/other.sock" } })
    local status, _, err = wire.run({ "status", "--admin", server.dir .. "/other.sock" })
    assert.equals(4, status)
    assert_says(err, "no Moongate")
    server:stop()
  end)

  for _, row in ipairs({
    { "status", "word" }, { "status", "--nonsense" },
    { "swap", "policies" }, { "swap", "--policy" },
    { "rollback", "x" }, { "rollback", "0" }, { "rollback", "1", "2" }, { "rollback", "-1" },
    { "pin", "--off" }, { "unpin", "2" }, { "shadow" }, { "shadow", "drop" },
    { "shadow", "status", "promote" }, { "shadow", "discard", "--confirm" },
    { "shadow", "discard", "--force" }, { "shadow", "status", "--force" },
    { "status", "--admin" }, { "status", "--admin", "0.0.0.0:9090" }, { "status", "--admin", "x" },
  }) do
    it("usage: " .. table.concat(row, " ") .. ": 2", function()
      local status, out, err = wire.run(row)
      assert.equals(2, status, err)
      assert.equals("", out)
      assert_says(err, "moongate " .. row[1])
    end)
  end

  for _, words in ipairs({ { "status" }, { "swap" }, { "rollback" }, { "pin" }, { "unpin" },
    { "shadow" }, { "shadow", "--confirm" } }) do
    it("help: " .. table.concat(words, " ") .. " --help: 0", function()
      local argv = { table.unpack(words) }
      argv[#argv + 1] = "--help"
      local status, out, err = wire.run(argv)
      assert.equals(0, status, err)
      assert_says(out, "Usage: moongate " .. words[1], "--admin ADDRESS", "--json", "Exit codes")
    end)
  end

  it("a token is shown to a TCP address", function()
    local token = process.write_file(dir .. "/token", "correct-horse-battery-staple\n")
    local server = wire.start({ policy = policy("a.example"), admin = "127.0.0.1:0",
      arguments = { "--admin-token-file", token } })
    local address = process.poll(10, function()
      return server.process:stderr():match("admin interface address=(127%.0%.0%.1:%d+)")
    end)
    local status, _, err = wire.run({ "status", "--admin", address })
    assert.equals(4, status)
    assert_says(err, "--admin-token-file")
    local out
    status, out, err = wire.run({ "status", "--admin", address, "--admin-token-file", token })
    assert.equals(0, status, err)
    assert_says(out, "ready")
    process.write_file(dir .. "/token", "wrong-horse-battery-staple\n")
    assert.equals(4, (wire.run({ "status", "--admin", address, "--admin-token-file", token })))
    local missing = dir .. "/none"
    assert.equals(4, (wire.run({ "status", "--admin", address, "--admin-token-file", missing })))
    server:stop()
  end)
end)
