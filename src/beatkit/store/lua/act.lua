-- Do what somebody asked for, and record it. The contract is Store.act.
--
-- KEYS  paused, actions, progress, reserved, waiting, sent, ran, then to forget: the marks of
--       each scope's entry
-- ARGV  ms to add to the server's clock, ms for which a pause that has ended is remembered,
--       verb, who, why, until (ms or "-"), task id, how many records are kept, the scopes as
--       JSON, then each scope by itself
-- paused: scope -> "until at by reason"   actions: a stream, each action's fields by name
local paused, actions, progress, reserved, waiting, sent, ran = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local remembered, verb, by, reason, expires, task_id, length, scopes = unpack(ARGV, 2, 9)
local stamp = string.format('%.0f', now)
local function holds(ends) return ends == '-' or now < tonumber(ends) end

redis.call('XADD', actions, 'MAXLEN', '~', length, '*', 'at', stamp, 'verb', verb, 'by', by,
  'reason', reason, 'until', expires, 'task_id', task_id, 'scopes', scopes)
-- Drop all that is kept of an entry; of one that goes on ("slots:"), only what is owed.
local function forget(scope, marks)
  local kind, name = string.match(scope, '^(%a+):(.*)$')
  local raw = redis.call('HGET', progress, name)
  if kind == 'entry' then
    for _, key in ipairs({progress, waiting, sent, ran}) do redis.call('HDEL', key, name) end
    redis.call('DEL', marks)
  elseif raw then
    local slot, fingerprint, absent = string.match(raw, '^(%S+) %S+ (%S+) (%S+)$')
    if tonumber(slot) < now then
      redis.call('HSET', progress, name, table.concat({stamp, '-', fingerprint, absent}, ' '))
    end
  end
  redis.call('HDEL', reserved, name)
  redis.call('HDEL', paused, 'entry:' .. name, 'skip:' .. name)
end

local function pause(scope)
  local ends, since = string.match(redis.call('HGET', paused, scope) or '', '^(%S+) (%S+)')
  since = ends and holds(ends) and since or stamp
  redis.call('HSET', paused, scope, expires .. ' ' .. since .. ' ' .. by .. ' ' .. reason)
end

-- A pause that is lifted stays: what came due in it is not sent after it either.
local function resume(scope)
  local ends, rest = string.match(redis.call('HGET', paused, scope) or '', '^(%S+) (.*)$')
  if string.sub(scope, 1, 5) == 'skip:' then
    redis.call('HDEL', paused, scope)
  elseif ends and holds(ends) then
    redis.call('HSET', paused, scope, stamp .. ' ' .. rest)
  end
end

for i = 10, #ARGV do
  if verb == 'forget' then
    forget(ARGV[i], KEYS[i - 2])
  elseif verb == 'pause' or verb == 'skip_next' then
    pause(ARGV[i])
  elseif verb == 'resume' then
    resume(ARGV[i])
  end
end

local rows = redis.call('HGETALL', paused)
for i = 1, #rows, 2 do
  local ends = tonumber(string.match(rows[i + 1], '^%S+'))
  if ends and ends + remembered <= now then redis.call('HDEL', paused, rows[i]) end
end
return {stamp, redis.call('HGETALL', paused)}
