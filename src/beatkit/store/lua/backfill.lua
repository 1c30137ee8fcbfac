-- Begin a backfill, or do a step of it. See Backfills.begin and .step.
--
-- KEYS  backfills, history
-- ARGV  ms to add to the server's clock, "begin" or "step", key of the backfill, who,
--       begin: its cursor, ms for which one that ended is kept
--       step: events kept, entry, the cursor it follows, whether it ends (0 or 1),
--       then for each slot: slot, task id, number of commands, for each its number of words
--       and its words
-- backfills: key -> "cursor sent ended at by"
local backfills, history = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local stamp = string.format('%.0f', now)
local mode, key, me = ARGV[2], ARGV[3], ARGV[4]

local function forget_old()
  local rows = redis.call('HGETALL', backfills)
  for i = 1, #rows, 2 do
    local ended, at = string.match(rows[i + 1], '^%S+ %S+ (%S+) (%S+)')
    if ended == '1' and tonumber(at) + tonumber(ARGV[6]) <= now then
      redis.call('HDEL', backfills, rows[i])
    end
  end
end

if mode == 'begin' then
  forget_old()
  redis.call('HSETNX', backfills, key, table.concat({ARGV[5], '0', '0', stamp, me}, ' '))
  return {redis.call('HGET', backfills, key), ''}
end

local row = redis.call('HGET', backfills, key)
local cursor, sent, ended, at, by = string.match(row or '', '^(%S+) (%S+) (%S+) (%S+) (%S+)$')
if cursor ~= ARGV[7] or ended == '1' then return {row or '', ''} end

local place = 9
local function word()
  place = place + 1
  return ARGV[place - 1]
end

local function refused(command)
  local reply = redis.pcall(unpack(command))
  return type(reply) == 'table' and reply.err
end

local error = ''
while place <= #ARGV and error == '' do
  local slot, id, count = word(), word(), tonumber(word())
  for i = 1, count do
    local command = {}
    for j = 1, tonumber(word()) do command[j] = word() end
    local said = error == '' and refused(command)
    if said and i == 1 then error = said end
  end
  if error == '' then
    cursor, sent = slot, string.format('%d', sent + 1)
    tell('sent', stamp, slot, 'b', me, id, ARGV[6])
  end
end
if error == '' then ended = ARGV[8] end
local moved = table.concat({cursor, sent, ended, at, by}, ' ')
redis.call('HSET', backfills, key, moved)
write_history(history, ARGV[5])
return {moved, error}
