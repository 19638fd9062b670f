-- security-headers: the response fields that every API should send and few do. A field that the
-- handler has set stays as it is.

local fields = {}
local hsts

return {
  name = "security-headers",
  version = "1.0.0",
  api = 1,
  config = {
    content_security_policy = { type = "string",
      default = "default-src 'none'; frame-ancestors 'none'",
      description = "Content-Security-Policy; right for an API, which is never a document" },
    content_type_options = { type = "string", default = "nosniff",
      description = "X-Content-Type-Options" },
    frame_options = { type = "string", default = "DENY",
      description = "X-Frame-Options, for browsers that know no frame-ancestors" },
    referrer_policy = { type = "string", default = "no-referrer",
      description = "Referrer-Policy" },
    resource_policy = { type = "string", default = "same-origin",
      description = "Cross-Origin-Resource-Policy; does not stand in the way of CORS requests" },
    hsts = { type = "string", default = "",
      description = "Strict-Transport-Security, on https only: \"max-age=31536000\"" },
  },

  load = function(config)
    local names = {
      { "Content-Security-Policy", config.content_security_policy },
      { "X-Content-Type-Options", config.content_type_options },
      { "X-Frame-Options", config.frame_options },
      { "Referrer-Policy", config.referrer_policy },
      { "Cross-Origin-Resource-Policy", config.resource_policy },
    }
    for _, field in ipairs(names) do
      if field[2] ~= "" then
        table.insert(fields, field)
      end
    end
    hsts = config.hsts ~= "" and config.hsts or nil
  end,

  response = function(req, res)
    for _, field in ipairs(fields) do
      if not res:get(field[1]) then
        res:set(field[1], field[2])
      end
    end
    if hsts and req.scheme == "https" and not res:get("Strict-Transport-Security") then
      res:set("Strict-Transport-Security", hsts)
    end
  end,
}
