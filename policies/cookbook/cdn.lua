-- cdn.lua: what a cache in front may keep for everyone. "*" without credentials looks at no Origin,
-- so the answer is the same for all and has no Vary: one copy serves every page. What depends on
-- Origin has it, on every answer, so that no cache gives one page's to another.

resource "/assets/{rest...}" {
  methods = { "GET" },
  cors    = { origins = "*", timing = true }, -- pages may measure how long it took
  handler = respond { fields = { ["Cache-Control"] = "public, max-age=31536000, immutable" } },
}

resource "/feed" {
  methods = { "GET" },
  cors    = { origins = { "https://app.example.com" } },
  handler = respond { fields = { ["Cache-Control"] = "public, max-age=60" } },
}
