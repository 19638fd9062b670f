-- csrf.lua: a form on any page can send a POST with the user's cookies, and CORS only hides the
-- answer from it. The plugin refuses what changes something, comes from another site, and is not
-- allowed by a rule.

plugin "csrf-guard" { resources = { "/account/{rest...}" } }

resource "/account/{rest...}" {
  methods = { "GET", "POST", "DELETE" },
  cors = {
    origins     = { "https://app.example.com" },
    methods     = { "GET", "POST" },
    credentials = true,
  },
  handler = "echo",
}
