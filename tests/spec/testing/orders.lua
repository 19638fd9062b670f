-- orders.lua: what the specs of this folder are about.

resource "/orders/{id}" {
  methods = { "GET", "PUT", "DELETE" },
  cors = {
    origins     = { "https://app.example", "https://*.partner.example" },
    methods     = { "GET", "PUT" },
    headers     = { "Content-Type" },
    expose      = { "ETag" },
    credentials = true,
    max_age     = 600,
  },
  preflight = function(req)
    if req.params.id == "frozen" then
      return deny "order-frozen"
    elseif req.params.id == "broken" then
      local none = req.params.none
      return none.at_all
    elseif req.params.id == "unseen" then
      return allow { max_age = 1 }
    end
  end,
  handler = "proxy",
}

resource "/rates" { methods = { "GET" }, cors = { origins = "*" }, handler = "proxy" }

resource "/unseen" { handler = "none" }

upstream "default" { "http://127.0.0.1:1" }
