--- moongate.testing.place - where things are: paths beside the spec, and the line of the spec.

local M = {}

--- Whether there is a file or folder at `path`.
function M.exists(path)
  local file = io.open(path, "rb") -- folders can be opened, too
  if file then
    file:close()
  end
  return file ~= nil
end

--- `path` without "." and "..", as far as it goes.
function M.normal(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do
    local last = parts[#parts]
    if part == ".." and last and last ~= ".." then
      table.remove(parts)
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  local joined = table.concat(parts, "/")
  if path:sub(1, 1) == "/" then
    return "/" .. joined
  end
  return joined == "" and "." or joined
end

-- Whether a chunk is ours, or of the runner.
local function is_passed_over(source)
  return source:find("^@moongate/testing/") or source:find("^@.*/luassert/")
    or source:find("^@.*/busted/")
end

--- The spec that calls: file, line. Frames of this module, of busted and of C are passed over.
function M.caller()
  local level = 2
  while true do
    local info = debug.getinfo(level, "Sl")
    if not info then
      return nil
    end
    if info.source:sub(1, 1) == "@" and not is_passed_over(info.source) then
      return M.normal(info.source:sub(2)), info.currentline
    end
    level = level + 1
  end
end

--- The folder of the spec that calls.
function M.folder()
  local file = M.caller()
  return file and file:match("^(.*)/[^/]*$") or "."
end

--- `path` as it is found: beside the spec first, else in the working directory.
function M.beside(path, folder)
  if path:sub(1, 1) == "/" then
    return M.normal(path)
  end
  local beside = M.normal((folder or M.folder()) .. "/" .. path)
  if M.exists(beside) or not M.exists(path) then
    return beside
  end
  return M.normal(path)
end

return M
