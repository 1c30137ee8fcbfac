-- Say that a beat lives, and look around. The contract is Store.announce.
--
-- KEYS  identity, revision, beats, claimed, paused, pending, waiting, heard,
--       silences, runtime
-- ARGV  ms to add to the server's clock, identity to use if there is none,
--       beat id, what it says (JSON), ms until that expires (0 withdraws),
--       revision to put in force ("" none), instead of which one, silences kept,
--       ms for which a pause that has ended is remembered
-- beats: id -> "started expires seen JSON"   heard: when a beat last said that it lives
-- waiting: entry -> until when (see `kept`)   silences: a list of "since until", in which none did
local identity, revision, beats, claimed, paused, pending, waiting, heard, silences, runtime = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local me, says, lives = ARGV[3], ARGV[4], tonumber(ARGV[5])
local function ms(number) return string.format('%.0f', number) end

redis.call('SETNX', identity, ARGV[2])

local started, known, lively = now, false, false
local announced = redis.call('HGETALL', beats)
for i = 1, #announced, 2 do
  local since, expires = string.match(announced[i + 1], '^(%S+) (%S+) ')
  if tonumber(expires) <= now then
    redis.call('HDEL', beats, announced[i])
  else
    lively = true
    if announced[i] == me then started, known = tonumber(since), true end
  end
end
if lives > 0 and not lively then
  redis.pcall('RPUSH', silences, (redis.call('GET', heard) or '0') .. ' ' .. ms(now))
  redis.pcall('LTRIM', silences, -ARGV[8], -1)
end
if lives > 0 or known then redis.pcall('SET', heard, ms(now)) end
if lives > 0 then
  redis.call('HSET', beats, me, ms(started) .. ' ' .. ms(now + lives) .. ' ' .. ms(now) .. ' ' .. says)
else
  redis.call('HDEL', beats, me)
end
for _, beat in ipairs(redis.call('HKEYS', claimed)) do
  if redis.call('HEXISTS', beats, beat) == 0 then redis.call('HDEL', claimed, beat) end
end

local in_force = redis.call('GET', revision) or ''
if ARGV[6] ~= '' and in_force == ARGV[7] then
  in_force = ARGV[6]
  redis.call('SET', revision, in_force)
end

local over, waits = {}, redis.call('HGETALL', waiting)
for i = 1, #waits, 2 do
  if tonumber(waits[i + 1]) <= now then over[#over + 1] = waits[i] end
end
local pauses = redis.call('HGETALL', paused)
for i = 1, #pauses, 2 do
  local ends = tonumber(string.match(pauses[i + 1], '^%S+'))
  if ends and ends + ARGV[9] <= now then redis.call('HDEL', paused, pauses[i]) end
end
-- How many replicas there are to wait for after a claim. INFO may be denied: then none.
local info = redis.pcall('INFO', 'replication')
local replicas = type(info) == 'string' and string.match(info, 'connected_slaves:(%d+)') or '0'
return {
  replicas, ms(now), redis.call('GET', identity), in_force,
  redis.call('HGETALL', beats), pauses, redis.call('HGETALL', pending),
  over,
  redis.call('HGET', runtime, 'version') or '0',
}
