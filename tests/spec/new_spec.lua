--- `moongate new`: what it writes is valid, and its spec covers all of it.

local lfs = require("lfs")
local wire = require("tests.wire.support")
local process = wire.process

local function in_folder(dir, arguments)
  local argv = { "sh", "-c", "cd " .. dir .. " && exec \"$0\" \"$@\"", wire.program() }
  table.move(arguments, 1, #arguments, #argv + 1, argv)
  local own = process.make_dir()
  local child = process.spawn(argv, own)
  local status = assert(child:wait(30), "still running after 30 s")
  local out, err = child:stdout(), child:stderr()
  process.remove_dir(own)
  return status, out, err
end

describe("moongate new", function()
  local dir
  before_each(function()
    dir = process.make_dir()
  end)
  after_each(function()
    process.remove_dir(dir)
  end)

  it("writes a policy that is valid, and covered whole by its spec", function()
    local status, out = in_folder(dir, { "new", "policy", "my-orders" })
    assert.equal(0, status)
    assert.equal("my-orders.lua\nmy-orders_spec.lua\n", out)
    assert.equal(0, (in_folder(dir, { "check", "--strict", "my-orders.lua" })))
    local passed, told, err = in_folder(dir, { "test", "--threshold=100", "-o", "plainTerminal" })
    assert.equal(0, passed, told .. err)
  end)

  it("writes a plugin that is valid, and covered whole by its spec", function()
    assert(lfs.mkdir(dir .. "/plugins"))
    local status, out = in_folder(dir, { "new", "plugin", "plugins/blocklist" })
    assert.equal(0, status)
    assert.equal("plugins/blocklist/plugin.lua\nplugins/blocklist/README.md\n"
      .. "plugins/blocklist/blocklist_spec.lua\n", out)
    local passed, told, err = in_folder(dir, { "test", "--threshold=100", "-o", "plainTerminal" })
    assert.equal(0, passed, told .. err)
  end)

  it("writes nothing over what is there", function()
    process.write_file(dir .. "/shop_spec.lua", "mine")
    local status, out, err = in_folder(dir, { "new", "policy", "shop" })
    assert.equal(4, status)
    assert.equal("", out)
    assert.equal("moongate new: shop_spec.lua is there already\n", err)
    assert.is_nil(process.read_file(dir .. "/shop.lua"))
    assert.equal("mine", process.read_file(dir .. "/shop_spec.lua"))
  end)

  it("says what is wrong with its arguments", function()
    for _, row in ipairs({
      { {}, "what is to be written?" },
      { { "server", "x" }, "nothing new called 'server'" },
      { { "policy" }, "a policy has one name" },
      { { "plugin", "a", "b" }, "a plugin has one name" },
      { { "policy", "My Orders" }, "'My Orders' is no name" },
    }) do
      local status, _, err = in_folder(dir, { "new", table.unpack(row[1]) })
      assert.equal(2, status)
      assert.is_truthy(err:find(row[2], 1, true), err)
    end
    local status, _, err = in_folder(dir, { "new", "policy", "none/x" })
    assert.equal(4, status)
    assert.is_truthy(err:find("there is no folder none", 1, true), err)
    assert.equal(0, (in_folder(dir, { "new", "--help" })))
  end)
end)
