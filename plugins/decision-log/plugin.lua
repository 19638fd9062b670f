-- decision-log: one JSON line for each decision, or for a share of them, with what identifies
-- people masked.

local settings
local masked = {}

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(text)
  return '"' .. text:gsub('[%c"\\\127-\255]', function(c)
    return escapes[c] or string.format("\\u%04x", c:byte())
  end) .. '"'
end

-- An address without what tells one household from the next: the last octet of an IPv4
-- address, all but 48 bits of an IPv6 one.
local function mask_address(address)
  local v4 = address:match("^(%d+%.%d+%.%d+)%.%d+$")
  if v4 then
    return v4 .. ".0"
  end
  local groups = address:match("^%x*:%x*:%x*")
  return groups and groups .. "::" or "masked"
end

local function text_of(record, name)
  local value = record[name]
  if masked[name] and type(value) == "string" then
    return name == "remote_addr" and mask_address(value) or "masked"
  end
  return value
end

local function is_sampled()
  if settings.rate >= 1 then
    return true
  end
  local count = dict("decision-log"):incr("count", 1) or 0
  return math.floor(count * settings.rate) > math.floor((count - 1) * settings.rate)
end

local names = {
  "kind", "verdict", "reason", "origin", "method", "host", "path", "resource", "remote_addr",
  "file", "line", "status", "duration_us",
}

return {
  name = "decision-log",
  version = "1.0.0",
  api = 1,
  capabilities = { "log", "dict:decision-log:16KB" },
  config = {
    rate = { type = "number", min = 0, max = 1, default = 1,
      description = "the share of decisions that is logged" },
    only = { type = "enum", values = { "all", "denied" }, default = "all",
      description = "log all decisions, or only those that refuse" },
    mask = { type = "list", of = { type = "enum",
        values = { "host", "origin", "path", "remote_addr" } },
      default = { "remote_addr" },
      description = "fields that are masked" },
  },

  load = function(config)
    settings = config
    for _, name in ipairs(config.mask) do
      masked[name] = true
    end
  end,

  log = function(record)
    if (settings.only == "denied" and record.verdict ~= "deny") or not is_sampled() then
      return
    end
    local parts = {}
    for _, name in ipairs(names) do
      local value = text_of(record, name)
      if type(value) == "string" then
        table.insert(parts, quote(name) .. ":" .. quote(value))
      elseif value then
        table.insert(parts, string.format("%s:%d", quote(name), value))
      end
    end
    log("{" .. table.concat(parts, ",") .. "}")
  end,
}
