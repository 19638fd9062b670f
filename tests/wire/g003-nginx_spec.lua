--- nginx and auth_request, as docs/integrations.md configures them.

local integration = require("tests.wire.support.integration")

integration.describe(_ENV, "nginx", function(dir, ports)
  local text = integration.replace(integration.block("nginx", "nginx"), {
    { "127.0.0.1:8080", "127.0.0.1:" .. ports.serve },
    { "listen 80;", "listen 127.0.0.1:" .. ports.proxy .. ";" },
    table.unpack(integration.addresses(ports)),
  })
  return integration.spawn_nginx(dir, ports.proxy, text)
end)
