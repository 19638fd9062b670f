---@meta

-- What moongate.testing adds to busted's `assert` (docs/testing.md), for editors.

---@class luassert.internal
local assert = {}

---@alias moongate.testing.Either moongate.testing.Result|moongate.testing.Fetch

---The decision is to allow.
---@param result moongate.testing.Result
function assert.allowed(result) end

---The decision is to deny, for that reason where one is given.
---@param result moongate.testing.Result
---@param reason? string
function assert.denied(result, reason) end

---It was decided there: "orders.lua:12", or anywhere in "orders.lua".
---@param result moongate.testing.Either
---@param place string
function assert.decided_by(result, place) end

---Functions and plugins took at most so many instructions; with a version of Lua, only that one is
---held to it.
---@param result moongate.testing.Either
---@param instructions integer
---@param version? string
function assert.costs_at_most(result, instructions, version) end

---Access-Control-Allow-Methods has exactly these; GET, HEAD and POST may be there or not.
---@param result moongate.testing.Result
---@param ... string|string[]
function assert.allows_methods(result, ...) end

---Access-Control-Allow-Headers has exactly these.
---@param result moongate.testing.Result
---@param ... string|string[]
function assert.allows_headers(result, ...) end

---Allow has exactly these; HEAD and OPTIONS may be there or not.
---@param result moongate.testing.Result
---@param ... string|string[]
function assert.supports_methods(result, ...) end

---Access-Control-Expose-Headers has exactly these.
---@param result moongate.testing.Either
---@param ... string|string[]
function assert.exposes(result, ...) end

---Vary has these.
---@param result moongate.testing.Either
---@param ... string|string[]
function assert.varies_on(result, ...) end

---Access-Control-Max-Age is that.
---@param result moongate.testing.Result
---@param seconds integer
function assert.max_age(result, seconds) end

---Access-Control-Allow-Credentials is true.
---@param result moongate.testing.Either
function assert.allows_credentials(result) end

---The field is there, with that value where one is given.
---@param result moongate.testing.Either
---@param name string
---@param value? string
function assert.has_field(result, name, value) end

---@param result moongate.testing.Either
---@param status integer
function assert.has_status(result, status) end

---A line that was logged matches the pattern.
---@param result moongate.testing.Either
---@param pattern string
function assert.logs(result, pattern) end

---The page can read the answer.
---@param fetch moongate.testing.Fetch
function assert.readable(fetch) end

---It cannot; for that outcome, or with that part of the console's sentence.
---@param fetch moongate.testing.Fetch
---@param sentence? string
function assert.blocked(fetch, sentence) end

return assert
