---@meta moongate.policy
-- The words of a policy, and what its functions see of a request, for editors that read LuaCATS
-- annotations: completion, types and descriptions while writing. Nothing here runs; the engine
-- defines these names itself.

---Who may ask: "https://app.example.com", "https://*.example.com", "http://localhost:*", "null".
---@alias moongate.OriginPattern string

---A list of origin patterns in a file, one a line, that C reads; made by `file`.
---@class moongate.OriginFile

---@alias moongate.Origins "*"|moongate.OriginPattern[]
---@alias moongate.OriginsFunction fun(req: moongate.Request): moongate.Origins
---@alias moongate.Names "*"|string[]
---@alias moongate.NamesFunction fun(req: moongate.Request): moongate.Names

---What a resource allows to other origins.
---@class moongate.Cors
---@field origins moongate.Origins|moongate.OriginFile|moongate.OriginsFunction
---@field methods? moongate.Names|moongate.NamesFunction default: all of the resource's
---@field headers? moongate.Names|moongate.NamesFunction besides safelisted ones; default: none
---@field expose? moongate.Names response headers a script may read; default: none
---@field credentials? boolean cookies and other credentials; default: false
---@field max_age? integer seconds a browser keeps a preflight's answer; default: not sent
---@field status? 204|200 of answered OPTIONS requests; default: 204
---@field on_denied? "withhold"|"reject" what a denied origin gets; default: "withhold"
---@field timing? boolean Timing-Allow-Origin too; default: false
---@field insecure? boolean let http origins have credentials; default: false
---@field reflect? boolean let a function give back Origin, with credentials; default: false

---What answers a request; made by `respond` or `proxy`.
---@class moongate.Handler

---A use of a plugin; made by `plugin`, and a handler where the plugin has one.
---@class moongate.Plugin

---What a hook says: made by `allow` or `deny`, and worth something as its result alone.
---@class moongate.Verdict

---Decides a request, or gives nothing: then the declared rule decides.
---@alias moongate.Hook fun(req: moongate.Request): moongate.Verdict?

---@class moongate.Resource
---@field methods? string[] default: GET, HEAD, POST, PUT, PATCH, DELETE
---@field cors? moongate.Cors|false absent: same-origin only; false: the engine stays out
---@field handler? "none"|"echo"|"proxy"|moongate.Handler|moongate.Plugin default: "none"
---@field options? "answer"|"forward" who answers a plain OPTIONS; default: "answer"
---@field encoded_slash? boolean let %2F pass in the path; default: false
---@field classify? fun(req: moongate.Request): moongate.Kind? gives a stricter kind, or nothing
---@field preflight? moongate.Hook decides a preflight
---@field simple? moongate.Hook decides a cross-origin request that a form could send
---@field preflighted? moongate.Hook decides one that needs a preflight before it

---@class moongate.Answer
---@field status? integer 200 to 599; default: 200
---@field fields? table<string, string>|string[][] { ["Name"] = "value" } or { { "Name", "value" } }
---@field body? string at most 1 MiB

---@class moongate.Upstream
---@field [integer] string "http://127.0.0.1:3000", "unix:/run/api.sock"
---@field balance? "round-robin"|"least-connections"|"random" default: "round-robin"
---@field cors? "replace"|"keep" what becomes of its own CORS fields; default: "replace"
---@field check? string a path that each server is asked for again and again
---@field check_every? integer seconds between two checks, 1 to 3600; default: 5
---@field host? string the Host to send, or "pass", the default: the client's

---The fields besides are the plugin's settings.
---@class moongate.PluginUse
---@field resources? string[] patterns of the resources it is for; default: all
---@field grant? string[] the capabilities it gets; default: those its manifest names
---@field [string] any

---What is named replaces the rule's for this request.
---@class moongate.Allow
---@field origins? moongate.Origins
---@field methods? moongate.Names
---@field headers? moongate.Names
---@field expose? moongate.Names
---@field credentials? boolean
---@field max_age? integer
---@field status? 204|200

---@alias moongate.Kind "none"|"same-origin"|"simple"|"preflighted"|"preflight"|"options"

---A request, read-only, and valid during the hook only.
---@class moongate.Request
---@field method string
---@field path string in its normal form
---@field query string as sent, without the "?"; "" where there is none
---@field params table<string, string> the pattern's parameters, as sent
---@field host string with its port
---@field scheme "http"|"https"
---@field remote_addr string the client's address, behind trusted proxies too
---@field kind moongate.Kind
---@field origin? string
---@field requested_method? string of a preflight
---@field requested_headers string[] of a preflight: names in lower case
---@field resource string the pattern that matched
---@field generation integer number of the policy set
---@field site? "cross-site"|"same-origin"|"same-site"|"none"|string Sec-Fetch-Site
---@field mode? "cors"|"navigate"|"no-cors"|"same-origin"|"websocket"|string Sec-Fetch-Mode
---@field dest? string Sec-Fetch-Dest
---@field ctx table of this exchange alone, shared by all its hooks
---@field header fun(self: moongate.Request, name: string): string? the first value of a field
---@field headers fun(self: moongate.Request, name: string): string[] all its values
---@field body fun(self: moongate.Request): string the content; in a plugin's `handler` alone

---Declare a resource: `resource "/orders/{id}" { … }`.
---@param pattern string [HOST]/PATH with {name}, {name...}, {$}, or a trailing slash
---@return fun(fields: moongate.Resource)
function resource(pattern) end

---The same as `resource "/{rest...}"`.
---@param fields moongate.Resource
function default(fields) end

---Declare where `proxy` goes: `upstream "api" { "http://127.0.0.1:3000" }`.
---@param name string
---@return fun(servers: moongate.Upstream)
function upstream(name) end

---Use a plugin: `plugin "rate-limit" { requests = 100 }`, or as a handler.
---@param name string of its folder
---@return moongate.Plugin|fun(use: moongate.PluginUse): moongate.Plugin
function plugin(name) end

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

---In a hook: decide by the rule with these fields in it. `return allow { … }`. Outside of one:
---make a constant that hooks return, `local PARTNERS = allow { … }`.
---@param fields moongate.Allow
---@return moongate.Verdict
function allow(fields) end

---In a hook: 403, and the handler is never called. `return deny "tenant-frozen"`.
---@param reason string lower-case words joined by hyphens, at most 64 bytes
---@return moongate.Verdict
function deny(reason) end

---Write a line to the server's log; of hooks, at most 20 in ten seconds.
---@param ... any
function log(...) end
