--- moongate.testing.watch - `moongate test --watch`: runs again what a change touches.
--
-- Each run tells which spec has loaded which policies and plugins. A change of a spec runs that
-- spec; of a policy, a list or a plugin, those that have loaded it; of anything else in Lua that no
-- spec is known to load, such as a module of the specs' own, all.

local place = require "moongate.testing.place"

local M = {}

local QUIET_MS = 20      -- without a change, after which an editor is done
local MAX_FOLDERS = 4096

local skipped = { build = true, node_modules = true }

-- Every folder from `root` on, but hidden ones and those that programs fill.
local function each_folder(lfs, root, visit, left)
  left = left or { MAX_FOLDERS }
  if left[1] == 0 then
    return
  end
  left[1] = left[1] - 1
  visit(root)
  for name in lfs.dir(root) do
    local path = root == "." and name or root .. "/" .. name
    if name:sub(1, 1) ~= "." and not skipped[name]
      and lfs.symlinkattributes(path, "mode") == "directory" then
      each_folder(lfs, path, visit, left)
    end
  end
end

local function folder_of(path)
  return path:match("^(.*)/[^/]*$") or "."
end

local function is_below(path, folder)
  if folder == "." then
    return not path:find("^/") and not path:find("^%.%./")
  end
  return path:sub(1, #folder + 1) == folder .. "/"
end

-- Whether a change of `path` concerns who has loaded `loaded`: the file itself, what lies below a
-- folder, or what a policy may include or list, which lies beside it.
local function touches(path, loaded)
  if path == loaded or is_below(path, loaded) then
    return true
  end
  local name = path:match("[^/]*$")
  local is_part = name:sub(1, 1) == "_" or not name:find("%.lua$")
  return is_part and is_below(path, folder_of(loaded))
end

local function is_watched(path)
  return path:find("%.lua$") or path:find("%.txt$") or path:find("%.so$") or path:find("%.busted$")
end

--- The specs to run for the changed paths, sorted; nil: all. An empty list: none.
---@param known table<string, table<string, boolean>> by spec, what it has loaded
function M.affected(known, changed)
  local specs = {}
  for _, path in ipairs(changed) do
    path = place.normal(path)
    if is_watched(path) then
      local is_known = path:find("_spec%.lua$") ~= nil
      if is_known and place.exists(path) then
        specs[path] = true
      end
      for spec, loaded in pairs(known) do
        for each in pairs(loaded) do
          if touches(path, each) then
            specs[spec], is_known = true, true
          end
        end
      end
      if not is_known then
        return nil
      end
    end
  end
  local list = {}
  for spec in pairs(specs) do
    list[#list + 1] = spec
  end
  table.sort(list)
  return list
end

-- Adds what a run has told: lines "spec\tpath".
local function learn(known, told)
  for spec, path in told:gmatch("([^\t\n]+)\t([^\n]+)\n") do
    known[spec] = known[spec] or {}
    known[spec][path] = true
  end
end

local function announce(changed, specs)
  local names = {}
  for i = 1, math.min(#changed, 3) do
    names[i] = place.normal(changed[i])
  end
  io.write(string.format("\n%s%s changed: %s\n\n", table.concat(names, ", "),
    #changed > 3 and " …" or "", specs and table.concat(specs, ", ") or "all specs"))
  io.flush()
end

-- Watches what the specs have loaded, wherever it lies; folders that are watched stay so.
local function add_loaded(folders, lfs, known)
  for _, loaded in pairs(known) do
    for path in pairs(loaded) do
      local is_folder = lfs.attributes(path, "mode") == "directory"
      each_folder(lfs, is_folder and path or folder_of(path), function(folder)
        folders:add(folder)
      end)
    end
  end
end

--- Runs all, then what changes touch; for ever.
function M.main(arguments)
  local watch, lfs = require "moongate.watch", require "lfs"
  local known, only = {}, nil
  local folders = watch.folders() -- before the first run, so that no change is missed
  each_folder(lfs, ".", function(folder)
    folders:add(folder)
  end)
  while true do
    local run = { table.unpack(arguments) }
    for _, spec in ipairs(only or {}) do
      run[#run + 1] = "--only=" .. spec
    end
    local code, told = watch.run(run)
    if code == 2 then
      return code
    end
    learn(known, told)
    add_loaded(folders, lfs, known)
    local changed
    repeat
      changed = folders:wait(QUIET_MS)
      only = M.affected(known, changed)
    until only == nil or #only > 0
    announce(changed, only)
  end
end

return M
