--- HAProxy and its Lua, as docs/integrations.md configures them.

local integration = require("tests.wire.support.integration")
local process = require("tests.wire.support.process")

local function start(dir, ports, change)
  local script = process.write_file(dir .. "/moongate.lua",
    integration.replace(integration.block("HAProxy", "lua"), {
      { "127.0.0.1:8081", "127.0.0.1:" .. ports.authorize },
      change,
    }))
  local path = process.write_file(dir .. "/haproxy.cfg",
    integration.replace(integration.block("HAProxy", "haproxy"), {
      { "/etc/haproxy/moongate.lua", script },
      { "bind :80", "bind 127.0.0.1:" .. ports.proxy },
      { "127.0.0.1:3000", "127.0.0.1:" .. ports.upstream },
    }))
  return process.spawn({ "haproxy", "-db", "-f", path }, dir)
end

integration.describe(_ENV, "HAProxy", start)
integration.describe_failing_script(_ENV, "HAProxy", function(dir, ports)
  return start(dir, ports, { "local answer = ask(txn)", "error('no answer')" })
end)
