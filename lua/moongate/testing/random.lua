--- moongate.testing.random - seeded random numbers: the same on every machine (splitmix64).

local Random = {}
Random.__index = Random

local M = {}

function M.new(seed)
  return setmetatable({ state = seed }, Random)
end

--- 64 random bits.
function Random:bits()
  self.state = self.state + 0x9e3779b97f4a7c15
  local z = self.state
  z = (z ~ (z >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ~ (z >> 27)) * 0x94d049bb133111eb
  return z ~ (z >> 31)
end

--- An integer from `low` to `high`.
function Random:integer(low, high)
  return low + (self:bits() >> 1) % (high - low + 1)
end

--- One of a list.
function Random:pick(list)
  return list[self:integer(1, #list)]
end

--- True once in `n` times.
function Random:once_in(n)
  return self:integer(1, n) == 1
end

return M
