--- moongate.testing.watched - which files a spec depends on, for `moongate test --watch`.

local place = require "moongate.testing.place"

local M = {}

-- By spec: a set of paths. In a global of the registry, since each spec file has modules of its
-- own.
local registry = debug.getregistry()
registry["moongate.watched"] = registry["moongate.watched"] or {}

--- Notes that the running spec has loaded policies and plugins.
function M.loaded(paths, plugins)
  local spec = place.caller()
  if not spec then
    return
  end
  local known = registry["moongate.watched"]
  known[spec] = known[spec] or {}
  for _, list in ipairs({ paths, plugins }) do
    for _, path in ipairs(list) do
      known[spec][path] = true
    end
  end
end

--- All that was noted: { [spec] = { [path] = true } }.
function M.all()
  return registry["moongate.watched"]
end

return M
