-- Send the runs that entries keep, where the run they wait for lives no more. See Store.release.
--
-- KEYS  waiting, pending, then marks of each entry
-- ARGV  ms to add to the server's clock, then the entries
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])

local result = {}
for i = 2, #ARGV do
  result[i - 1] = let_go(ARGV[i], KEYS[i + 1], KEYS[1], KEYS[2], now)
end
return result
