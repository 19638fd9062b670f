--- Policies broken on purpose: each rule in turn, as a person might.

local M = {}

-- The text with comments blanked out, so that what is found in it is code; of the same length.
local function without_comments(text)
  local out, at = {}, 1
  while at <= #text do
    local quote = text:match('^"[^"\n]*"', at)
    local comment = text:match("^%-%-[^\n]*", at)
    local piece = quote or (comment and (" "):rep(#comment)) or text:sub(at, at)
    out[#out + 1] = piece
    at = at + #piece
  end
  return table.concat(out)
end

local function replaced(text, first, last, new)
  return text:sub(1, first - 1) .. new .. text:sub(last + 1)
end

local function line_of(text, at)
  return select(2, text:sub(1, at):gsub("\n", "")) + 1
end

-- Each mutation: visit(first, last, replacement, what) for each place that it can change.
local mutations = {}

-- Every string of a list: an origin, a method, a header, an exposed name.
function mutations.drop(code, visit)
  for first, name, last in code:gmatch('()"([^"\n]+)"[ ]*,?()') do
    local before = code:sub(1, first - 1)
    local is_in_list = before:find('[{,]%s*$') ~= nil
    if is_in_list and not name:find("[ \\]") then
      visit(first, last - 1, "", "drop " .. name)
    end
  end
end

-- Where it is added, what, what that is called, and what of the rule makes it change nothing.
local added = {
  { "origins%s*=%s*{()", '"https://mutant.example", ', "add an origin" },
  { "methods%s*=%s*{()", '"DELETE", "PURGE", ', "add methods" },
  { "headers%s*=%s*{()", '"X-Mutant", ', "add a header" },
  { "expose%s*=%s*{()", '"X-Mutant", ', "expose another" },
  { "cors%s*=%s*()%b{}", "credentials = true, ", "allow credentials", "credentials%s*=%s*true" },
  { "cors%s*=%s*()%b{}", "max_age = 5, ", "add a max_age", "max_age" },
  { "cors%s*=%s*()%b{}", 'on_denied = "reject", ', "reject", 'on_denied|origins%s*=%s*"%*"' },
}

local function has_any(block, patterns)
  for pattern in (patterns or ""):gmatch("[^|]+") do
    if block:find(pattern) then
      return true
    end
  end
  return false
end

function mutations.add(code, visit)
  for _, row in ipairs(added) do
    for at in code:gmatch(row[1]) do
      local block = code:match("^%b{}", at)
      if not has_any(block or "", row[4]) then
        at = block and at + 1 or at
        visit(at, at - 1, " " .. row[2], row[3])
      end
    end
  end
end

local swapped = {
  { "credentials%s*=%s*true", "credentials = false", "flip credentials" },
  { "max_age%s*=%s*%d+", "max_age = 7", "change max_age" },
  { "max_age%s*=%s*%d+,?", "", "drop max_age" },
  { 'origins%s*=%s*"%*"', 'origins = { "https://mutant.example" }', "make it private" },
  { "origins%s*=%s*[%a_]+%.?[%a_]*,", 'origins = "*",', "make it public" },
  { "origins%s*=%s*{[^}]*}", 'origins = "*"', "make it public" },
  { "headers%s*=%s*{[^}]*}", 'headers = "*"', "allow any header" },
  { "methods%s*=%s*{[^}]*},", "", "drop the methods" },
  { "headers%s*=%s*{[^}]*},", "", "drop the headers" },
  { "expose%s*=%s*{[^}]*},", "", "drop expose" },
  { 'return deny "[^"]*"', "return nil", "do not deny" },
  { 'deny "[^"]*"', 'deny "mutant"', "deny for another reason" },
  { "%*%.", "", "no pattern but a host" },
  { 'resource "/', 'resource "/mutant/', "move the resource" },
}

function mutations.swap(code, visit)
  for _, row in ipairs(swapped) do
    for first, last in code:gmatch("()" .. row[1] .. "()") do
      visit(first, last - 1, row[2], row[3])
    end
  end
end

-- A rule that is gone: the resource is for its own origin then.
function mutations.remove(code, visit)
  for first, last in code:gmatch("()cors%s*=%s*%b{}(),?") do
    visit(first, last - 1, "", "drop the rule")
  end
end

--- All mutants of a policy's text: { text, what, line }, no two alike.
function M.of(text)
  local list, seen = {}, { [text] = true }
  local code = without_comments(text)
  for _, name in ipairs({ "drop", "add", "swap", "remove" }) do
    mutations[name](code, function(first, last, new, what)
      local mutant = replaced(text, first, last, new)
      if not seen[mutant] then
        seen[mutant] = true
        list[#list + 1] = { text = mutant, what = what, line = line_of(text, first) }
      end
    end)
  end
  return list
end

return M
