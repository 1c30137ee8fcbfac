-- Say that runs go on. See Runs.refresh.
--
-- KEYS  marks of the entry of each run
-- ARGV  ms to add to the server's clock, ms for which a mark is live, ms for which it is kept,
--       then for each run: key, slot, token, attempt
-- marks: key -> "state given token until started attempt"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local stands, keep_for = string.format('%.0f', now + tonumber(ARGV[2])), ARGV[3]

for i, marks in ipairs(KEYS) do
  local key, slot, token, attempt = unpack(ARGV, 4 * i, 4 * i + 3)
  local state, given, by, since = 'running', slot, token, string.format('%.0f', now)
  local raw = redis.call('HGET', marks, key)
  if raw then
    state, given, by, since, attempt =
      string.match(raw, '^(%S+) (%S+) (%S+) %S+ (%S+) (%S+)$')
  end
  if state == 'running' and by == token then
    redis.call('HSET', marks, key, table.concat({state, given, by, stands, since, attempt}, ' '))
    redis.call('PEXPIRE', marks, keep_for)
  end
end
return #KEYS
