--- moongate.testing.generators - origins, methods and headers for properties, hostile ones too.
--
-- A generator has sample(rng), and shrink(value): simpler values, the simplest first.

local M = {}

---@class moongate.testing.Generator
---@field sample fun(rng: table): any
---@field shrink? fun(value: any): any[]

-- ---- shrinking

-- Shorter texts: without a half, a quarter, … one character.
local function shorter(text)
  local list = {}
  local size = #text // 2
  while size >= 1 do
    for start = 1, #text - size + 1, size do
      list[#list + 1] = text:sub(1, start - 1) .. text:sub(start + size)
    end
    size = size // 2
  end
  return list
end

local function shorter_list(values)
  local list = {}
  for i = 1, #values do
    local left = { table.unpack(values) }
    table.remove(left, i)
    list[#list + 1] = left
  end
  return list
end

-- ---- small ones

--- One of a list.
function M.one_of(list)
  return {
    sample = function(rng)
      return rng:pick(list)
    end,
  }
end

--- A whole number.
function M.integer(low, high)
  return {
    sample = function(rng)
      return rng:integer(low, high)
    end,
    shrink = function(value)
      local list = {}
      if value ~= low then
        list[1] = low
        list[2] = low + (value - low) // 2
        list[3] = value - 1
      end
      return list
    end,
  }
end

local LETTERS = "abcdefghijklmnopqrstuvwxyz"

local function word(rng, most)
  local letters = {}
  for i = 1, rng:integer(1, most) do
    local at = rng:integer(1, #LETTERS)
    letters[i] = LETTERS:sub(at, at)
  end
  return table.concat(letters)
end

-- ---- origins

local function random_origin(rng)
  local labels = {}
  for i = 1, rng:integer(1, 4) do
    labels[i] = word(rng, 8)
  end
  local port = rng:once_in(3) and ":" .. rng:integer(1, 65535) or ""
  return rng:pick({ "https", "http" }) .. "://" .. table.concat(labels, ".") .. port
end

-- Each makes of an origin one that looks like it.
local tricks = {
  function(origin) return origin .. ".stranger.example" end,
  function(origin) return (origin:gsub("://", "://stranger-")) end,
  function(origin) return (origin:gsub("://", "://stranger.")) end,
  function(origin) return (origin:gsub("://", "://user@")) end,
  function(origin) return origin .. "@stranger.example" end,
  function(origin) return "https://stranger.example#" .. origin end,
  function(origin) return "https://stranger.example/" .. origin end,
  function(origin) return "https://stranger.example, " .. origin end,
  function(origin) return origin .. " https://stranger.example" end,
  function(origin) return origin .. "/" end,
  function(origin) return origin .. "." end,
  function(origin) return origin .. ":" end,
  function(origin) return origin .. ":0" end,
  function(origin) return origin .. ":65536" end,
  function(origin) return origin .. ":8443" end,
  function(origin) return origin .. "%2e" end,
  function(origin) return origin .. "\u{2024}stranger" end,
  function(origin) return origin:upper() end,
  function(origin) return (origin:gsub("^https", "http")) end,
  function(origin) return (origin:gsub("^https?", "ftp")) end,
  function(origin) return (origin:gsub("//", "/")) end,
  function(origin) return (origin:gsub("//", "///")) end,
  function(origin) return (origin:gsub("%.", "x", 1)) end,
  function(origin) return (origin:gsub("e", "\u{435}", 1)) end,
  function(origin) return origin:sub(1, -2) end,
}

local oddities = {
  "null", "NULL", "*", "https://*", "https://", "://", "file://", "http://127.1", "http://0x7f.1",
  "http://[::1]", "http://[::ffff:127.0.0.1]:80", "https://xn--", "about:blank", "data:text/html",
  "chrome-extension://abcdefghijklmnop", "https://" .. ("a"):rep(300) .. ".example",
  "https://" .. ("a."):rep(200) .. "example", "https://a..b", "https://-a.example", "localhost",
  "//app.example", "https:app.example", "https://app.example\\.stranger.example",
}

--- Origins: the given ones, ones that look like them and are not, odd ones, and random ones.
---@param known? string[] origins that the policy lists
---@return moongate.testing.Generator
function M.origin(known)
  known = known or {}
  return {
    sample = function(rng)
      local kind = rng:integer(1, 8)
      if #known > 0 and kind <= 1 then
        return rng:pick(known)
      elseif #known > 0 and kind <= 5 then
        return rng:pick(tricks)(rng:pick(known))
      elseif kind <= 6 then
        return rng:pick(oddities)
      end
      return random_origin(rng)
    end,
    shrink = shorter,
  }
end

-- ---- methods, headers, paths

local methods = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "get", "patch", "Put",
  "PROPFIND", "UNLISTED", "M-SEARCH" }

--- Methods, known and unknown ones.
function M.method()
  return M.one_of(methods)
end

local headers = { "accept", "accept-language", "content-type", "authorization", "cookie", "range",
  "x-requested-with", "x-csrf-token", "if-none-match", "dpr", "x-forwarded-for" }

--- A name of a request header that a script may set.
function M.header()
  return {
    sample = function(rng)
      return rng:once_in(2) and rng:pick(headers) or "x-" .. word(rng, 12)
    end,
    shrink = function(name)
      return name:find("^x%-..") and { "x-a" } or {}
    end,
  }
end

--- A list of what another generator makes.
---@param of moongate.testing.Generator
---@param most? integer
function M.list(of, most)
  return {
    sample = function(rng)
      local list = {}
      for i = 1, rng:integer(0, most or 6) do
        list[i] = of.sample(rng)
      end
      return list
    end,
    shrink = shorter_list,
  }
end

--- Names of request headers.
function M.headers(most)
  return M.list(M.header(), most)
end

--- A segment of a path.
function M.segment()
  return {
    sample = function(rng)
      return rng:once_in(6) and rng:pick({ "%2e", "a%20b", "~", "0", "-", "a;b", "%41" })
        or word(rng, 10)
    end,
    shrink = function(text)
      return text ~= "a" and { "a" } or {}
    end,
  }
end

return M
