-- Do what somebody asked for, and record it. The contract is Store.act.
--
-- KEYS  paused, actions, progress, reserved, waiting, sent, ran, then to forget: the marks of
--       each scope's entry
-- ARGV  ms to add to the server's clock, verb, who, why, until (ms or "-"), task id,
--       how many records are kept, the scopes as JSON, then each scope by itself
-- paused: scope -> "until at by reason"   actions: a stream, each action's fields by name
local paused, actions, progress, reserved, waiting, sent, ran = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local verb, by, reason, expires = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local stamp = string.format('%.0f', now)

redis.call('XADD', actions, 'MAXLEN', '~', ARGV[7], '*', 'at', stamp, 'verb', verb, 'by', by,
  'reason', reason, 'until', expires, 'task_id', ARGV[6], 'scopes', ARGV[8])
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

for i = 9, #ARGV do
  if verb == 'forget' then
    forget(ARGV[i], KEYS[i - 1])
  elseif verb == 'pause' or verb == 'skip_next' then
    redis.call('HSET', paused, ARGV[i], expires .. ' ' .. stamp .. ' ' .. by .. ' ' .. reason)
  elseif verb == 'resume' then
    redis.call('HDEL', paused, ARGV[i])
  end
end

-- What has ended by itself is no longer looked at by claims; here it makes room.
local rows = redis.call('HGETALL', paused)
for i = 1, #rows, 2 do
  local ends = tonumber(string.match(rows[i + 1], '^%S+'))
  if ends and ends <= now then redis.call('HDEL', paused, rows[i]) end
end
return {stamp, redis.call('HGETALL', paused)}
