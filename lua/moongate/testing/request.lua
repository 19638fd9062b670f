--- moongate.testing.request - from what a test says to the bytes of a request, and to the curl
-- command that sends the same.

local M = {}

--- Where requests go that name no host. Browsers see it as https, so that they tell of
-- themselves by Sec-Fetch-*.
M.HOST = "api.example"

--- Fields as a list of { name, value }, whichever way they were given: as such a list, as lines
-- "name: value", or by name; by name they are sorted, so that each run sends the same.
function M.field_list(fields)
  local list = {}
  if fields == nil then
    return list
  elseif type(fields) ~= "table" then
    error("fields are a table, not a " .. type(fields), 0)
  end
  for _, field in ipairs(fields) do
    if type(field) == "string" then
      local name, value = field:match("^([^:]+):[ \t]*(.-)[ \t]*$")
      if not name then
        error("'" .. field .. "' is no field: write \"name: value\"", 0)
      end
      list[#list + 1] = { name, value }
    else
      list[#list + 1] = { tostring(field[1]), tostring(field[2]) }
    end
  end
  local named = {}
  for name, value in pairs(fields) do
    if type(name) == "string" then
      for _, each in ipairs(type(value) == "table" and value or { value }) do
        named[#named + 1] = { name, tostring(each) }
      end
    end
  end
  table.sort(named, function(a, b)
    return a[1] < b[1]
  end)
  return table.move(named, 1, #named, #list + 1, list)
end

local function check_names(what, given, names)
  for name in pairs(given) do
    if not names[name] then
      local list = {}
      for each in pairs(names) do
        list[#list + 1] = each
      end
      table.sort(list)
      error(what .. " has no '" .. tostring(name) .. "' (there are " .. table.concat(list, ", ")
        .. ")", 0)
    end
  end
end

local function read_line(what, line)
  if type(line) ~= "string" then
    error(what .. " takes \"METHOD /path\" or a table, not a " .. type(line), 0)
  end
  local method, path = line:match("^(%S+)%s+(%S.*)$")
  if not method then
    error(what .. ": '" .. line .. "' is not \"METHOD /path\"", 0)
  end
  return { method = method, path = path }
end

-- Where a call goes: its path may be a whole URL.
local function complete(call)
  local _, host, path = tostring(call.path or "/"):match("^(https?)://([^/]+)(.*)$")
  call.host = call.host or host or M.HOST
  call.path = host and (path == "" and "/" or path) or call.path or "/"
  return call
end

-- The table of a call: "METHOD /path" and options, or options alone.
local function read_call(what, line, options, names)
  local is_table = type(line) == "table"
  local call = is_table and {} or read_line(what, line)
  options = (is_table and line or options) or {}
  check_names(what, options, names)
  for name, value in pairs(options) do
    call[name] = value
  end
  return complete(call)
end

local preflight_names = {
  method = true, path = true, origin = true, headers = true, host = true, remote = true,
  fields = true,
}

--- A preflight as browsers send it: the names sorted, in lower case, joined without spaces.
function M.preflight(line, options)
  local call = read_call("gate:preflight", line, options, preflight_names)
  if not call.origin then
    error("gate:preflight needs an origin: that of the page", 0)
  elseif not call.method then
    error("gate:preflight needs a method: the one that the page wants to use", 0)
  end
  local names = {}
  local headers = call.headers
  for _, name in ipairs(type(headers) == "table" and headers or { headers }) do
    names[#names + 1] = name:lower()
  end
  table.sort(names)
  local fields = { { "Host", call.host }, { "Origin", call.origin },
    { "Access-Control-Request-Method", call.method } }
  if #names > 0 then
    fields[#fields + 1] = { "Access-Control-Request-Headers", table.concat(names, ",") }
  end
  local more = M.field_list(call.fields)
  table.move(more, 1, #more, #fields + 1, fields)
  return { method = "OPTIONS", path = call.path, host = call.host, fields = fields,
    remote = call.remote, is_preflight = true, asked_method = call.method, origin = call.origin,
    asked_headers = names }
end

local request_names = {
  method = true, path = true, origin = true, headers = true, host = true, remote = true,
  body = true,
}

function M.actual(line, options)
  local call = read_call("gate:request", line, options, request_names)
  local fields = { { "Host", call.host } }
  if call.origin then
    fields[#fields + 1] = { "Origin", call.origin }
  end
  local more = M.field_list(call.headers)
  table.move(more, 1, #more, #fields + 1, fields)
  local method = call.method or "GET"
  if call.body or method == "POST" or method == "PUT" then
    fields[#fields + 1] = { "Content-Length", tostring(#(call.body or "")) }
  end
  return { method = method, path = call.path, host = call.host, fields = fields,
    body = call.body, remote = call.remote, origin = call.origin }
end

function M.bytes(asked)
  local lines = { asked.method .. " " .. asked.path .. " HTTP/1.1" }
  for _, field in ipairs(asked.fields) do
    lines[#lines + 1] = field[1] .. ": " .. field[2]
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (asked.body or "")
end

---@class moongate.testing.FetchSpec
---@field from? string the page's origin; a browser may have it
---@field url string "/path" is on the gate's host, https
---@field method? string
---@field headers? table<string, string>
---@field body? string
---@field body_kind? "string"|"url-search-params"|"form-data"|"blob"|"buffer"|"stream"
---@field body_type? string of a blob
---@field credentials? "same-origin"|"omit"|"include"
---@field mode? "cors"|"no-cors"|"same-origin"
---@field redirect? "follow"|"error"|"manual"
---@field initiator? "fetch"|"xhr"|"beacon"|"event-source"|"script"|"stylesheet"|"font"|"image"
---@field upload_listeners? boolean
---@field browser? "standard"|"chromium"|"firefox"|"webkit" of gate:fetch; else "standard"

local fetch_names = {
  from = true, url = true, method = true, headers = true, body = true, body_kind = true,
  body_type = true, credentials = true, mode = true, redirect = true, initiator = true,
  upload_listeners = true, browser = true,
}

--- What the engine's browser is told of a fetch.
function M.fetch(spec, from)
  if type(spec) ~= "table" then
    error("a fetch is a table { from, url, … }, not a " .. type(spec), 0)
  end
  check_names("a fetch", spec, fetch_names)
  local asked = {}
  for name, value in pairs(spec) do
    asked[name] = value
  end
  asked.from = spec.from or from
  if not asked.from then
    error("a fetch needs 'from': the origin of the page", 0)
  end
  asked.url = spec.url or "/"
  if asked.url:sub(1, 1) == "/" and asked.url:sub(1, 2) ~= "//" then
    asked.url = "https://" .. M.HOST .. asked.url
  end
  asked.headers = M.field_list(spec.headers)
  return asked
end

--- A request as the function that stands for an upstream sees it.
function M.upstream(req)
  function req.get(self, name)
    for _, field in ipairs(self.fields) do
      if field[1]:lower() == name:lower() then
        return field[2]
      end
    end
    return nil
  end
  return req
end

-- ---- curl

local function quote(text)
  if text:find("^[%w_./:=@%%+,-]+$") then
    return text
  end
  return "'" .. text:gsub("'", [['\'']]) .. "'"
end

-- What curl sends by itself or what stands in the URL, and what browsers send with everything.
local curls_own = {
  host = true, ["content-length"] = true, connection = true, accept = true, referer = true,
  ["accept-encoding"] = true, ["accept-language"] = true, ["user-agent"] = true,
}

--- The command line that sends the request to a server, a word group a line.
function M.curl(asked)
  local first = "curl -i"
  if asked.method == "HEAD" then
    first = first .. " --head"
  elseif asked.method ~= "GET" then
    first = first .. " -X " .. quote(asked.method)
  end
  local base = asked.base or "https://" .. asked.host
  local lines = { first .. " " .. quote(base .. asked.path) }
  for _, field in ipairs(asked.fields) do
    if not curls_own[field[1]:lower()] or (field[1] == "Accept" and field[2] ~= "*/*") then
      lines[#lines + 1] = "-H " .. quote(field[1] .. ": " .. field[2])
    end
  end
  if asked.body and asked.body ~= "" then
    lines[#lines + 1] = "--data-binary " .. quote(asked.body)
  end
  return lines
end

return M
