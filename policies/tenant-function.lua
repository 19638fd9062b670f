-- tenant-function.lua: many tenants on one host, decided by a function for each request.
--
-- Compare tenants.lua, which declares a resource for each tenant when it is loaded, and so runs no
-- Lua later. A function is for what only the request tells.

local tenants = {
  acme   = { "https://acme.example" },
  globex = { "https://*.globex.example" },
}
local frozen = { initech = true }

resource "/t/{tenant}/{rest...}" {
  methods = { "GET", "POST", "PUT" },
  cors = {
    origins = function(req)
      return tenants[req.params.tenant] or {}
    end,
    headers = { "Content-Type" },
    max_age = 600,
  },
  -- Refuses whatever the rule would say; the reason stands in the log and in `moongate explain`.
  preflight = function(req)
    if frozen[req.params.tenant] then
      return deny "tenant-frozen"
    end
  end,
  simple = function(req)
    if frozen[req.params.tenant] then
      return deny "tenant-frozen"
    end
  end,
  handler = "echo",
}
