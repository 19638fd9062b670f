--- moongate.testing.paint - colour, on terminals and for who has not said no.

local engine = require "moongate.engine"

local codes = { red = "31", green = "32", yellow = "33", bold = "1", dim = "2" }

--- The text in a colour, or as it is.
return function(colour, text)
  if not engine.wants_colour() then
    return text
  end
  return "\27[" .. codes[colour] .. "m" .. text .. "\27[0m"
end
