--- moongate.testing - unit tests of policies, on the engine that serves.
--
--     local testing = require "moongate.testing"
--     local gate = testing.load "orders.lua"
--
--     it("lets our application update orders", function()
--       assert.allowed(gate:preflight("PUT /orders/7", { origin = "https://app.example.com" }))
--     end)
--
-- docs/testing.md is the reference.

local assertions = require "moongate.testing.assertions"
local gate = require "moongate.testing.gate"
local matrix = require "moongate.testing.matrix"
local property = require "moongate.testing.property"
local snapshot = require "moongate.testing.snapshot"

assertions.register()

local M = {}

--- Loads policies as the server does: the same loader, sandbox and budgets. A fault fails the
-- test with all of them, each with its line.
---@param what string|moongate.testing.Options a policy file or folder, beside the spec; or more
---@return moongate.testing.Gate
function M.load(what)
  return gate.load(what)
end

--- The faults of policies, for tests that expect some: errors, warnings and notes.
---@param what string|moongate.testing.Options
---@return moongate.testing.Fault[]
function M.faults(what)
  return gate.faults(what)
end

M.gen = property.gen
M.matrix = matrix.define
M.property = property.define
M.snapshot = snapshot.define

return M
