-- mock: canned answers, so that a front end can be written before its API. An answer is found by
-- method and resource pattern, by method and path, or by method alone.

local responses = {}

-- {name} in a body is the parameter of that name.
local function fill(body, params)
  return (body:gsub("{([%w_]+)}", function(name)
    return params[name]
  end))
end

local function find(req)
  local method = req.method == "HEAD" and "GET" or req.method
  return responses[method .. " " .. req.path] or responses[method .. " " .. req.resource]
    or responses[method]
end

return {
  name = "mock",
  version = "1.0.0",
  api = 1,
  config = {
    responses = { type = "table", of = { type = "any" }, default = {},
      description = "answers { status, fields, body } by \"GET /path\", \"GET /pattern/{id}\" "
        .. "or \"GET\"" },
  },

  load = function(config)
    for key, answer in pairs(config.responses) do
      if type(answer) ~= "table" then
        error("responses[\"" .. key .. "\"] is a " .. type(answer)
          .. ", not { status = 200, fields = { … }, body = \"…\" }")
      end
      responses[key] = answer
    end
  end,

  handler = function(req)
    local found = find(req)
    if not found then
      return { status = 404, fields = { ["Content-Type"] = "text/plain" },
        body = string.format("no answer is prepared for %s %s\n", req.method, req.path) }
    end
    return {
      status = found.status or 200,
      fields = found.fields or { ["Content-Type"] = "application/json" },
      body = found.body and fill(found.body, req.params) or nil,
    }
  end,
}
