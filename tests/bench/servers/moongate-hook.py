# Moongate with the preflight decided in full by a Lua hook, as nginx-lua.py does it
import importlib.util, os
spec = importlib.util.spec_from_file_location("moongate", os.path.join(os.path.dirname(__file__), "moongate.py"))
moongate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(moongate)
PORT, VARIANTS = 9101, {"base"}
SKIP = {"W3", "W4"}

HOOK = """local origins, methods, headers = {}, {}, {}
origins["%s"] = true
local list, names = %s, %s
for _, name in ipairs(list) do methods[name] = true end
for _, name in ipairs(names) do headers[name] = true end
local grant = allow { origins = %s, methods = list, headers = names, credentials = true,
                      max_age = %d }

local function preflight(req)
  local origin = req.origin
  if not origins[origin] and not origin:match("^https://[a-z0-9.-]+%%.example%%.com$") then
    return deny "origin-unknown"
  end
  if not methods[req.requested_method] then return deny "method-unknown" end
  for _, name in ipairs(req.requested_headers) do
    if not headers[name] then return deny "header-unknown" end
  end
  return grant
end

resource "/api/{rest...}" {
  methods = list, handler = "none", preflight = preflight,
  cors = { origins = { "https://unused.example" }, credentials = true },
}
"""


def command(p):
    suffix = p.origin_exact.split(".", 1)[1]
    granted = moongate.names([p.origin_exact, f"https://*.{suffix}"])
    text = HOOK % (p.origin_exact, moongate.names(p.methods), moongate.names(p.headers), granted, p.max_age)
    binary = os.environ.get("MOONGATE", os.path.join(p.here, "../../build/release/moongate"))
    return [binary, "serve", "--admin", "off", "--workers", "1", "--listen", f"127.0.0.1:{PORT}", "--limit", "idle-timeout=600s",
            "--policy", p.write("policy.lua", text)]
