-- csrf-guard: refuses requests that change something, come from another site, and that no CORS
-- rule allows. It reads what browsers tell about a request's initiator (Fetch Metadata), and
-- Origin where they tell nothing; clients that are no browsers send neither and pass.

local settings
local safe = { GET = true, HEAD = true, OPTIONS = true }

local function is_foreign(req, d)
  local site = req.site
  if site == "cross-site" then
    return true
  elseif site == "same-site" then
    return not settings.same_site
  elseif site then
    return false
  end
  return d.verdict == "deny" -- an old browser: there is an Origin, and the rule lacks it
end

return {
  name = "csrf-guard",
  version = "1.0.0",
  api = 1,
  config = {
    same_site = { type = "boolean", default = false,
      description = "let pages of the same site (a sibling domain) through" },
  },

  load = function(config)
    settings = config
  end,

  decision = function(req, d)
    if safe[req.method] or d.verdict == "allow" then
      return
    end
    if is_foreign(req, d) then
      d:deny("csrf")
    end
  end,
}
