-- maintenance: 503 with Retry-After for everything, while a switch in the dictionary is on. The
-- switch is a resource of its own: PUT turns it on, DELETE off, GET tells.

local settings

local function is_on()
  local switch = dict("maintenance"):get("on")
  if switch == nil then
    return settings.on
  end
  return switch
end

local function plain(status, text)
  return { status = status, fields = { ["Content-Type"] = "text/plain",
    ["Cache-Control"] = "no-store" }, body = text .. "\n" }
end

return {
  name = "maintenance",
  version = "1.0.0",
  api = 1,
  capabilities = { "dict:maintenance:16KB", "respond" },
  config = {
    on = { type = "boolean", default = false,
      description = "whether the switch is on until somebody moves it" },
    retry_after = { type = "duration", default = "300s",
      description = "what Retry-After says, in whole seconds" },
    token = { type = "string", default = "",
      description = "what the switch wants as Authorization: Bearer TOKEN; empty: nobody may" },
    switch = { type = "string", default = "/-/maintenance",
      description = "the pattern of the switch's resource, which is never closed" },
  },

  load = function(config)
    settings = config
  end,

  request = function(req)
    if req.resource == settings.switch or not is_on() then
      return nil
    end
    local answer = plain(503, "503 Service Unavailable: maintenance")
    answer.fields["Retry-After"] = string.format("%d", settings.retry_after // 1)
    return answer
  end,

  handler = function(req)
    if settings.token == "" or req:header("authorization") ~= "Bearer " .. settings.token then
      local answer = plain(401, "401 Unauthorized")
      answer.fields["WWW-Authenticate"] = "Bearer"
      return answer
    end
    if req.method == "PUT" then
      dict("maintenance"):set("on", true)
    elseif req.method == "DELETE" then
      dict("maintenance"):set("on", false)
    end
    return plain(200, is_on() and "on" or "off")
  end,
}
