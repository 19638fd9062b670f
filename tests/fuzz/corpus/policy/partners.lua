-- partners.lua: each partner gets what was agreed, from all hosts of its domain.
--
-- "https://*.partner.example" stands for every name below partner.example, but not for
-- partner.example itself. Moongate refuses such a pattern where anyone may register the names
-- (https://*.github.io), because then anyone would be the partner.

local partners = {
  "https://*.partner.example", -- asked for by Ada, contract of March
  "https://shop.example.org",
}

resource "/partners/orders/{id}" {
  methods = { "GET", "PUT", "DELETE" },
  cors = {
    origins = partners,
    methods = { "GET", "PUT" }, -- DELETE is for our own pages
    headers = { "Authorization", "Content-Type" },
    expose  = { "ETag" },
    max_age = 600,
  },
  handler = "echo",
}

-- A list that is kept elsewhere, or is long, goes into a text file: one pattern a line.
--   origins = file "partners.txt"
resource "/partners/status" {
  methods = { "GET" },
  cors    = { origins = partners },
  handler = respond {
    fields = { ["Content-Type"] = "application/json", ["Cache-Control"] = "max-age=60" },
    body   = '{"status":"ok"}',
  },
}
