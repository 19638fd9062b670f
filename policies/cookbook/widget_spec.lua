--- widget: the sites of the file, and no other.

local testing = require "moongate.testing"

describe("widget", function()
  local gate = testing.load "widget.lua"

  testing.matrix(gate, {
    { "POST /widget/chat", from = "https://shop.customer-one.example",
      headers = { "content-type", "x-widget-key" }, "readable" },
    { "GET /widget/chat", from = "https://www.customer-two.example", "readable" },
    { "GET /widget/chat", from = "https://www.customer-one.example", "denied: origin-denied" },
    { "GET /widget/chat", from = "https://customer-two.example", "denied: origin-denied" },
  })

  testing.snapshot(gate, "widget.snapshot")
end)
