-- tenants.lua: many tenants on one host, each with its own origins, declared in a loop.
--
-- A policy is a program that runs once, when it is loaded: it may compute what it declares. Each
-- tenant becomes a resource of its own, so that /tenants/acme/ never answers globex's pages.

local tenants = {
  acme    = { origins = { "https://acme.example", "https://admin.acme.example" } },
  globex  = { origins = { "https://*.globex.example" }, read_only = true },
  initech = { origins = { "https://initech.example" } },
}

for name, tenant in pairs(tenants) do
  resource("/tenants/" .. name .. "/{rest...}") {
    methods = tenant.read_only and { "GET" } or { "GET", "POST", "PUT", "DELETE" },
    cors = {
      origins     = tenant.origins,
      headers     = { "Authorization", "Content-Type", "X-Request-ID" },
      credentials = true,
      max_age     = 600,
    },
    handler = "echo",
  }
end

-- Any other name: the answer is readable by no other origin, and says nothing of who exists.
resource "/tenants/{tenant}/{rest...}" {
  handler = respond { status = 404, body = "no such tenant\n" },
}
