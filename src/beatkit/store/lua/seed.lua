-- Make entries known before their first claim; note which are gone. See Store.seed.
--
-- KEYS  identity, revision, progress, reserved, sent, ran, entries
-- ARGV  ms to add to the server's clock, the writer's identity, the writer's revision,
--       ms after which an absent entry is forgotten, number of seeds,
--       for each: entry and "fingerprint anchor known owned" (known - : none); then the entries gone
-- progress: entry -> "slot by fingerprint absent_since", "-" where there is none
local identity, revision, progress, reserved, sent, ran, entries = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local forget_after, seeds = tonumber(ARGV[4]), tonumber(ARGV[5])
local stamp = string.format('%.0f', now)

if (redis.call('GET', identity) or '') ~= ARGV[2] then return {stamp, 'lost'} end
if (redis.call('GET', revision) or '') ~= ARGV[3] then return {stamp, 'not_in_force'} end

local function row(raw)
  local slot, by, fingerprint, absent = string.match(raw, '^(%S+) (%S+) (%S+) (%S+)$')
  return {slot = slot, by = by, fingerprint = fingerprint, absent = tonumber(absent)}
end

local function seeded(raw, fingerprint, anchor, known)
  if not raw then return (known ~= '-' and known or anchor) .. ' - ' .. fingerprint .. ' -' end
  local old = row(raw)
  local away = old.absent and now >= old.absent + forget_after
  local least = known
  if away or old.fingerprint ~= fingerprint then least = anchor end
  if least ~= '-' and tonumber(least) > tonumber(old.slot) then
    return least .. ' - ' .. fingerprint .. ' -'
  end
  return old.slot .. ' ' .. old.by .. ' ' .. fingerprint .. ' -'
end

-- What was removed or changed since its beat has read of it is not made anew by that beat.
local function is_current(entry, owned)
  return owned == '0' or string.match(redis.call('HGET', entries, entry) or '', '^%S+') == owned
end

local result, at = {}, 6
for i = 1, seeds do
  local entry = ARGV[at]
  local raw = redis.call('HGET', progress, entry)
  local fingerprint, anchor, known, owned = string.match(ARGV[at + 1], '^(%S+) (%S+) (%S+) (%S+)$')
  local new = raw or ''
  if is_current(entry, owned) then new = seeded(raw, fingerprint, anchor, known) end
  if new ~= (raw or '') then redis.call('HSET', progress, entry, new) end
  result[i] = new
  at = at + 2
end
for i = at, #ARGV do
  local raw = redis.call('HGET', progress, ARGV[i])
  local old = raw and row(raw)
  if old and not old.absent then
    local marked = old.slot .. ' ' .. old.by .. ' ' .. old.fingerprint .. ' ' .. stamp
    redis.call('HSET', progress, ARGV[i], marked)
  elseif old and now >= old.absent + forget_after then
    for _, rows in ipairs({progress, reserved, sent, ran}) do redis.call('HDEL', rows, ARGV[i]) end
  end
end
return {stamp, '', result}
