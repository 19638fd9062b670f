-- read-for-all.lua: every page reads, our own application writes.

local app = "https://app.example.com"

resource "/articles/{id}" {
  methods = { "GET", "PUT", "DELETE" },
  cors = { origins = "*", methods = { "GET" } },
  preflight = function(req)
    if req.origin == app then
      return allow {
        origins = { app },
        methods = { "PUT", "DELETE" },
        headers = { "Content-Type" },
      }
    end
  end,
  preflighted = function(req)
    if req.origin == app then
      return allow { origins = { app } }
    end
    return deny "read-only"
  end,
  handler = "echo",
}
