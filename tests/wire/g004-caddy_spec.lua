--- Caddy's reverse_proxy, asking first, as docs/integrations.md configures it.

local integration = require("tests.wire.support.integration")
local process = require("tests.wire.support.process")

integration.describe(_ENV, "Caddy", function(dir, ports)
  local text = integration.replace(integration.block("Caddy", "caddyfile"), {
    { "http://api.example.com", "http://api.example.com:" .. ports.proxy },
    table.unpack(integration.addresses(ports)),
  })
  local path = process.write_file(dir .. "/Caddyfile",
    "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\n" .. text)
  return process.spawn({ "caddy", "run", "--adapter", "caddyfile", "--config", path }, dir,
    { "XDG_DATA_HOME=" .. dir, "XDG_CONFIG_HOME=" .. dir, "HOME=" .. dir })
end)
