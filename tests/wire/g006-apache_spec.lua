--- Apache and mod_lua, as docs/integrations.md configures them.

local integration = require("tests.wire.support.integration")
local process = require("tests.wire.support.process")

local MODULES = { "mpm_event", "authz_core", "headers", "proxy", "proxy_http", "lua" }

local function start(dir, ports, change)
  local script = process.write_file(dir .. "/moongate.lua",
    integration.replace(integration.block("Apache", "lua"), {
      { "127.0.0.1:8081", "127.0.0.1:" .. ports.authorize },
      change,
    }))
  local site = integration.replace(integration.block("Apache", "apache"), {
    { "/etc/apache2/moongate.lua", script },
    { "*:80", "*:" .. ports.proxy },
    { "127.0.0.1:3000", "127.0.0.1:" .. ports.upstream },
  })
  local lines = { "ServerRoot " .. dir, "ServerName localhost", "PidFile " .. dir .. "/pid.apache",
    "DefaultRuntimeDir " .. dir, "ErrorLog /dev/stderr", "User www-data", "Group www-data",
    "Listen 127.0.0.1:" .. ports.proxy }
  for _, name in ipairs(MODULES) do
    lines[#lines + 1] = string.format("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so",
      name, name)
  end
  lines[#lines + 1] = site
  local path = process.write_file(dir .. "/apache.conf", table.concat(lines, "\n"))
  return process.spawn({ "/usr/sbin/apache2", "-X", "-f", path }, dir)
end

integration.describe(_ENV, "Apache", start)
integration.describe_failing_script(_ENV, "Apache", function(dir, ports)
  return start(dir, ports, { "local status, fields, body = ask(r)", "error('no answer')" })
end)
