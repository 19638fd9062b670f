-- not-found.lua: what is answered where no other resource matches.
--
-- default { … } is resource "/{rest...}" { … }, and any other pattern is more specific. It has a
-- rule of its own, so that a script that mistyped a path can read the 404 in place of an opaque
-- CORS error.

default {
  cors    = { origins = "*" },
  handler = respond {
    status = 404,
    body   = "Nothing here. Try /public/rates, /app/v1/cart, /partners/status, " ..
             "/tenants/acme/users or /internal/users.\n",
  },
}
