--- moongate.testing.tests - declares busted tests in the spec's name: they stand at its line, and
-- so do their failures.

local place = require "moongate.testing.place"

local M = {}

--- What was raised, as text, without the place of a function of this module.
function M.message_of(raised)
  local text = type(raised) == "table" and type(raised.message) == "string" and raised.message
    or tostring(raised)
  return (text:gsub("^moongate/testing/[%w_]+%.lua:%d+: ", ""))
end

--- An `it` of the spec that calls. It is published as busted's own `it` does, but with the place
-- of the spec, where that would give the place of this function.
function M.it(name, run)
  local busted = require "busted"
  local file, line = place.caller()
  local trace = { short_src = file, source = "@" .. tostring(file), currentline = line,
    what = "Lua", traceback = "", message = name }
  busted.publish({ "register", "it" }, name, function()
    local ok, raised = pcall(run)
    if not ok then
      local text = M.message_of(raised)
      local has_place = text:find("^[^\n]-:%d+: ") ~= nil
      busted.fail((has_place or not file) and text or file .. ":" .. line .. ": " .. text, 0)
    end
  end, file and trace)
end

return M
