-- rate-limit: so many requests in a window of time for each origin, address or both; beyond it
-- 429 with Retry-After. Preflights pass: a refused one would hide the 429 from the script.

local settings

local function key_of(req)
  local origin = req.origin or "-"
  if settings.per == "origin" then
    return origin
  end
  local address = req.remote_addr
  return settings.per == "address" and address or address .. " " .. origin
end

return {
  name = "rate-limit",
  version = "1.0.0",
  api = 1,
  capabilities = { "dict:rate-limit:1MB", "respond" },
  config = {
    requests = { type = "integer", min = 1, default = 60,
      description = "how many requests a window may have" },
    window = { type = "duration", default = "60s",
      description = "how long a window lasts, from its first request on" },
    per = { type = "enum", values = { "address", "both", "origin" }, default = "both",
      description = "who is counted: each client address, each Origin, or each pair of them" },
  },

  load = function(config)
    settings = config
  end,

  request = function(req)
    -- A full dictionary forgets who was seen longest ago, so a flood of keys costs accuracy,
    -- never memory.
    local count, left = dict("rate-limit"):incr(key_of(req), 1, { ttl = settings.window })
    if not count or count <= settings.requests then
      return nil
    end
    local seconds = math.max(1, math.ceil(left))
    return {
      status = 429,
      fields = { ["Retry-After"] = tostring(seconds), ["Content-Type"] = "text/plain" },
      body = string.format("429 Too Many Requests: again in %d s\n", seconds),
    }
  end,
}
