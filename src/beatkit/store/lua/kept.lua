-- Sends the run that an entry keeps. `finish` and `release` begin with this.
--
-- marks: "kept" -> JSON: key, slot, id, kind, after and commands of the run that waits
-- waiting: entry -> until when a run of it is believed to live   pending: as in `claim`

-- Until when a run of the entry is believed to live; nil if none does.
local function lives_until(marks, now)
  local latest
  for _, raw in ipairs(redis.call('HVALS', marks)) do
    local state, stands = string.match(raw, '^(%S+) %S+ %S+ (%S+) %S+ %S+$')
    stands = state == 'running' and tonumber(stands)
    if stands and stands > now and stands > (latest or 0) then latest = stands end
  end
  return latest
end

-- Whether the broker took the message, or a beat is to publish it.
local function sent(entry, kept, pending, now)
  if #kept.commands == 0 then
    local hand = string.format('- 1 %.0f %s %s %s', now, kept.kind, kept.after, kept.id)
    redis.call('HSET', pending, kept.slot .. ' ' .. entry, hand)
    return true
  end
  for i, command in ipairs(kept.commands) do
    local reply = redis.pcall(unpack(command))
    if i == 1 and type(reply) == 'table' and reply.err then return false end
  end
  return true
end

-- Send what an entry keeps, if no run of it lives; 1 if that was done.
local function let_go(entry, marks, waiting, pending, now)
  local raw = redis.call('HGET', marks, 'kept')
  local lives = raw and lives_until(marks, now)
  if raw and (lives or not sent(entry, cjson.decode(raw), pending, now)) then
    redis.call('HSET', waiting, entry, string.format('%.0f', lives or now + 1000))
    return 0
  end
  redis.call('HDEL', waiting, entry)
  return redis.call('HDEL', marks, 'kept')
end

