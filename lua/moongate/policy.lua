---@meta moongate.policy
-- The names a policy sees, for editors that read LuaCATS annotations: completion, types and
-- descriptions while writing. Nothing here runs; the engine defines these names itself.

---Who may ask: "https://app.example.com", "https://*.example.com", "http://localhost:*", "null".
---@alias moongate.OriginPattern string

---A list of origin patterns in a file, one a line, that C reads.
---@class moongate.OriginFile

---What a resource allows to other origins.
---@class moongate.Cors
---@field origins "*"|moongate.OriginPattern[]|moongate.OriginFile
---@field methods? "*"|string[] methods of other origins; default: all of the resource's
---@field headers? "*"|string[] request headers besides the safelisted ones; default: none
---@field expose? "*"|string[] response headers a script may read; default: none
---@field credentials? boolean cookies and other credentials; default: false
---@field max_age? integer seconds a browser keeps a preflight's answer; default: not sent
---@field status? 204|200 of answered OPTIONS requests; default: 204
---@field on_denied? "withhold"|"reject" what a denied origin gets; default: "withhold"
---@field timing? boolean Timing-Allow-Origin too; default: false
---@field insecure? boolean let http origins have credentials; default: false

---What answers a request; made by `respond` or `proxy`.
---@class moongate.Handler

---@class moongate.Resource
---@field methods? string[] default: GET, HEAD, POST, PUT, PATCH, DELETE
---@field cors? moongate.Cors|false absent: same-origin only; false: the engine stays out
---@field handler? "none"|"echo"|"proxy"|moongate.Handler default: "none"
---@field options? "answer"|"forward" who answers a plain OPTIONS; default: "answer"
---@field encoded_slash? boolean let %2F pass in the path; default: false

---@class moongate.Answer
---@field status? integer 200 to 599; default: 200
---@field fields? table<string, string>|string[][] { ["Name"] = "value" } or { { "Name", "value" } }
---@field body? string at most 1 MiB

---Declare a resource: `resource "/orders/{id}" { … }`.
---@param pattern string [HOST]/PATH with {name}, {name...}, {$}, or a trailing slash
---@return fun(fields: moongate.Resource)
function resource(pattern) end

---The same as `resource "/{rest...}"`.
---@param fields moongate.Resource
function default(fields) end

---Declare where `proxy` goes: `upstream "api" { "http://127.0.0.1:3000" }`.
---@param name string
---@return fun(servers: table)
function upstream(name) end

---Run a file beside this policy and give what it returns.
---@param name string "_lists.lua"
---@return any
function include(name) end

---Origin patterns from a text file, one a line; "#" begins a comment.
---@param name string
---@return moongate.OriginFile
function file(name) end

---The same answer each time, checked at load.
---@param answer moongate.Answer
---@return moongate.Handler
function respond(answer) end

---Forward to the upstream of that name.
---@param name string
---@return moongate.Handler
function proxy(name) end

---Write a line to the server's log while loading.
---@param text string
function log(text) end
