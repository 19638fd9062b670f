--- A spec of policies that cannot be loaded: held to faulty.txt.

local testing = require "moongate.testing"

describe("faulty", function()
  it("shows every fault with its line", function()
    testing.load { text = [[
resource "/a" { methods = { "get" }, cors = { origins = { "https://app.example/" } } }
resource "/b" { cors = { origins = "*", credentials = true } }
]], name = "faulty.lua" }
  end)
  it("says what there is to load", function()
    testing.load { policy = "orders.lua" }
  end)
  it("says what is not there", function()
    testing.load "no-such.lua"
  end)
end)
