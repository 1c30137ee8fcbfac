-- Add, change, remove or give back runtime-owned entries. See OwnedEntries.put, .give_back.
--
-- KEYS  runtime, entries, changes, removals, progress, reserved, paused, actions, identity,
--       waiting, sent, ran
-- ARGV  ms to add to the server's clock, "put" or "give_back", removals kept,
--       the writer's identity ("" for put), of the action: verb, who, why, until, task id,
--       how many records are kept, scopes as JSON; number of entries,
--       then for each: name, version it is known by, fingerprint, who, text ("" removed)
-- runtime: "version" and "forgotten" (of the newest removal that is no longer remembered)
-- entries: name -> "version at fingerprint by text"   changes, removals: sorted by version
local runtime, entries, changes, removals = unpack(KEYS, 1, 4)
local progress, reserved, paused, actions, identity = unpack(KEYS, 5, 9)
local waiting, sent, ran = unpack(KEYS, 10)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local mode, remembered = ARGV[2], tonumber(ARGV[3])
local stamp = string.format('%.0f', now)
local version = tonumber(redis.call('HGET', runtime, 'version') or '0')

if mode == 'give_back' and (redis.call('GET', identity) or '') ~= ARGV[4] then return {} end

local function next_version()
  version = math.max(version + 1, now)
  return string.format('%.0f', version)
end

-- The entry counts from now on if it is new or its schedule is another.
local function count(name, fingerprint)
  local row = redis.call('HGET', progress, name)
  local slot, by, counted = string.match(row or '', '^(%S+) (%S+) (%S+)')
  if fingerprint == '-' then
    redis.call('HDEL', progress, name)
  elseif counted ~= fingerprint and tonumber(slot or '0') < now then
    redis.call('HSET', progress, name, stamp .. ' - ' .. fingerprint .. ' -')
  else
    redis.call('HSET', progress, name, slot .. ' ' .. by .. ' ' .. fingerprint .. ' -')
  end
end

local function write(name, fingerprint, by, text)
  local next = next_version()
  redis.call('HSET', entries, name, table.concat({next, stamp, fingerprint, by, text}, ' '))
  redis.call('ZADD', changes, next, name)
  redis.call('ZREM', removals, name)
end

local function note_removal(name)
  redis.call('ZADD', removals, next_version(), name)
  while redis.call('ZCARD', removals) > remembered do
    redis.call('HSET', runtime, 'forgotten', redis.call('ZPOPMIN', removals)[2])
  end
end

local function remove(name)
  redis.call('HDEL', entries, name)
  redis.call('ZREM', changes, name)
  for _, key in ipairs({progress, reserved, waiting, sent, ran}) do redis.call('HDEL', key, name) end
  redis.call('HDEL', paused, 'entry:' .. name, 'skip:' .. name)
  note_removal(name)
end

local function put(name, fingerprint, by, text)
  local row = redis.call('HGET', entries, name)
  if text == '' then
    if not row then return 'absent' end
    remove(name)
    return 'removed'
  end
  if row and string.match(row, '^%S+ %S+ %S+ %S+ (.*)$') == text then return 'same' end
  write(name, fingerprint, by, text)
  count(name, fingerprint)
  return row and 'changed' or 'added'
end

local function give_back(name, known, fingerprint, by, text)
  local row = redis.call('HGET', entries, name)
  local has = row and string.match(row, '^%S+') or redis.call('ZSCORE', removals, name)
  if has and tonumber(has) >= tonumber(known) then return 'same' end
  if text == '' and not row then
    note_removal(name) -- for a beat that did not hear of it, and would give the entry back
    return 'absent'
  elseif text == '' then
    remove(name)
    return 'removed'
  end
  write(name, fingerprint, by, text)
  return 'added'
end

if mode == 'put' then
  redis.call('XADD', actions, 'MAXLEN', '~', ARGV[10], '*', 'at', stamp, 'verb', ARGV[5],
    'by', ARGV[6], 'reason', ARGV[7], 'until', ARGV[8], 'task_id', ARGV[9], 'scopes', ARGV[11])
end
local effects, before, at = {}, version, 13
for i = 1, tonumber(ARGV[12]) do
  local name, known, fingerprint, by, text = unpack(ARGV, at, at + 4)
  effects[i] = mode == 'put' and put(name, fingerprint, by, text)
    or give_back(name, known, fingerprint, by, text)
  at = at + 5
end
if version ~= before then
  redis.call('HSET', runtime, 'version', string.format('%.0f', version))
end
return effects
