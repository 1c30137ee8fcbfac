-- Say how a run ended. See Runs.finish.
--
-- KEYS  marks of the entry
-- ARGV  ms to add to the server's clock, ms for which a mark is kept, key, slot, token, ending
-- marks: key -> "state given token until started"
local marks, keep_for = KEYS[1], ARGV[2]
local key, slot, token, ending = unpack(ARGV, 3, 6)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local given, since = slot, string.format('%.0f', now)

local raw = redis.call('HGET', marks, key)
if raw then
  local state, by, stands
  state, given, by, stands, since = string.match(raw, '^(%S+) (%S+) (%S+) (%S+) (%S+)$')
  if by ~= token and state == 'running' and tonumber(stands) > now then return 0 end
end
redis.call('HSET', marks, key, table.concat({ending, given, token, '0', since}, ' '))
redis.call('PEXPIRE', marks, keep_for)
return 1
