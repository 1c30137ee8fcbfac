-- Say how a run ended, and send the one that waited for it. See Runs.finish.
--
-- KEYS  marks of the entry, waiting, pending
-- ARGV  ms to add to the server's clock, ms for which a mark is kept, entry, key, slot, token,
--       ending
-- marks: key -> "state given token until started"
local marks, waiting, pending = unpack(KEYS)
local keep_for, entry, key, slot, token, ending = unpack(ARGV, 2, 7)
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
if redis.call('HEXISTS', marks, 'kept') == 1 then let_go(entry, marks, waiting, pending, now) end
return 1
