--- Which names the reference has: the documents' tables and code, the LuaCATS annotations, and what
-- luacheck lets policies and plugins use.

local lfs = require("lfs")
local process = require("tests.wire.support").process

local M = {}

local function read(path)
  return assert(process.read_file(path), "there is no " .. path)
end

-- ---- documents ----

-- The lines below a heading, up to the next one.
local function section(path, heading)
  local lines, is_inside, is_fenced = {}, false, false
  for line in read(path):gmatch("[^\n]+") do
    is_fenced = line:find("^```") and not is_fenced or is_fenced and not line:find("^```")
    local title = not is_fenced and line:match("^#+ (.*)")
    if title and is_inside then
      break
    end
    is_inside = is_inside or title == heading
    lines[#lines + 1] = is_inside and line or nil
  end
  assert(is_inside, ("%s has no section '%s'"):format(path, heading))
  return lines
end

-- What a piece of code names: `req:header(name)` header, `"none"` none, `respond { … }` respond,
-- `--limit NAME` limit, `dict:NAME:SIZE` dict.
local function name_of(code)
  code = code:gsub("^%-%-", ""):gsub('^"', "")
  code = code:gsub("^[%w_]+[.:](%l)", "%1")
  return code:match("^[%w_-]+")
end

-- Adds what the code in a piece of text names.
local function add_names(set, text)
  for code in text:gmatch("`([^`]+)`") do
    set[name_of(code) or code] = true
  end
end

--- What the first column of a section's tables names, as a set.
function M.rows(path, heading)
  local set = {}
  for _, line in ipairs(section(path, heading)) do
    add_names(set, line:match("^| (.-) |") or "")
  end
  return set
end

--- What the second column names in the row of a section's tables that begins with `first`.
function M.row(path, heading, first)
  local set = {}
  for _, line in ipairs(section(path, heading)) do
    local head, second = line:match("^| `([^`]+)` | (.-) |")
    add_names(set, head == first and second or "")
  end
  return set
end

--- The fields in the code `WORD { a, b, c }` of a section, as a set.
function M.fields(path, heading, word)
  local set = {}
  local text = table.concat(section(path, heading), "\n")
  for list in text:gmatch("`" .. word .. " { ([%w_, ]+) }`") do
    for field in list:gmatch("[%w_]+") do
      set[field] = true
    end
  end
  return set
end

--- The words in the code of a section, as a set; with `beginning`, of its lines that begin so.
function M.code(path, heading, beginning)
  local set = {}
  for _, line in ipairs(section(path, heading)) do
    local is_meant = beginning == nil or line:sub(1, #beginning) == beginning
    for code in (is_meant and line or ""):gmatch("`([^`]+)`") do
      for word in code:gmatch("[%a_][%w_-]*") do
        set[word] = true
      end
    end
  end
  return set
end

--- The codes that a document of faults has rows for, as a set.
function M.codes(path)
  local set = {}
  for code in ("\n" .. read(path)):gmatch("\n| `([%l-]+)` | ") do
    set[code] = true
  end
  return set
end

--- The flags in the code of a document, without their hyphens, as a set.
function M.flags(path)
  local set = {}
  for code in read(path):gsub("```", "`"):gmatch("`([^`]+)`") do
    for flag in (" " .. code):gmatch("[%s%[|]%-%-(%l[%l%d-]*)") do
      set[flag] = true
    end
  end
  return set
end

-- ---- annotations ----

local classes
local function class_of(name)
  classes[name] = classes[name] or {}
  return classes[name]
end

-- Each takes a line, and what the lines before it are about; returns true when the line is its.
local readers = {
  function(line, about)
    about.class = line:match("^%-%-%-@class ([%w.]+)") or about.class
    local field = line:match("^%-%-%-@field ([%w_]+)")
    class_of(about.class or "")[field or ""] = field and true
    return field
  end,
  function(line, about)
    about.alias = line:match("^%-%-%-@alias ([%w.]+)") or line:find("^%-%-%-|") and about.alias
    local values = about.alias and line:gsub(" # .*", "") or ""
    for value in values:gmatch('"([%l%d-]+)[":]') do
      class_of(about.alias)[value] = true
    end
    return about.alias
  end,
  function(line)
    local global, member = line:match("^function ([%w_]+)%.?([%w_]*)%(")
    global = global or line:match("^([%w_]+) = ")
    if global then
      classes.globals[global] = true
      class_of(global)[member or ""] = true
      classes[global][""] = nil
    end
  end,
}

local function read_annotations()
  classes = { globals = {} }
  for file in lfs.dir("lua/moongate") do
    local about = {}
    for line in (file:find("%.lua$") and read("lua/moongate/" .. file) or ""):gmatch("[^\n]+") do
      local _ = readers[1](line, about) or readers[2](line, about) or readers[3](line)
    end
  end
  -- A library's constants are fields of its class.
  for _, library in ipairs({ "string", "table", "math", "utf8" }) do
    for field in pairs(class_of(library .. "lib")) do
      classes[library][field] = true
    end
  end
end

--- The fields of a class, the values of an alias, the members of a library, or all "globals".
function M.annotated(name)
  if not classes then
    read_annotations()
  end
  return assert(classes[name], "lua/moongate annotates no '" .. name .. "'")
end

-- ---- luacheck ----

--- What .luacheckrc lets policies ("policy") or plugins ("plugin") name, besides members: a set.
-- With `library`, the members of that library.
function M.linted(standard, library)
  local config = { stds = {}, files = {} }
  assert(loadfile(".luacheckrc", "t", config))()
  local set = {}
  for _, std in ipairs({ "safe", standard }) do
    for key, value in pairs(config.stds[std].read_globals) do
      if library == nil then
        set[type(key) == "string" and key or value] = true
      elseif key == library then
        for _, member in ipairs(value.fields) do
          set[member] = true
        end
      end
    end
  end
  return set
end

return M
