-- hosts.lua: two names, one server, two rules. The more specific pattern wins, so what has no host
-- is for all other names.

resource "admin.example.com/{rest...}" {
  cors    = { origins = { "https://console.example.com" }, credentials = true },
  handler = "echo",
}

resource "/status" {
  methods = { "GET" },
  cors    = { origins = "*" },
  handler = "echo",
}
