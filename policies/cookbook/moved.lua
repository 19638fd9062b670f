-- moved.lua: a path that has moved. A preflight may not be redirected, and here never is: it is
-- answered where it was asked. The request itself is, and the new place has to allow the page, too.

local pages = { "https://app.example.com" }

resource "/v1/{rest...}" {
  methods = { "GET", "PUT" },
  cors    = { origins = pages },
  handler = respond { status = 308, fields = { Location = "/v3/items" } },
}

resource "/v3/{rest...}" {
  methods = { "GET", "PUT" },
  cors    = { origins = pages },
  handler = "echo",
}
