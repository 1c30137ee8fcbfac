-- Settle pendings, drop them, or hand them to another beat. See Store.settle, Store.drop and
-- Store.hand_over.
--
-- KEYS  pending, history, sent
-- ARGV  ms to add to the server's clock, "settle", "drop" or "hand_over", to which beat ("-":
--       anybody) or why it is dropped, events kept in the history,
--       then for each: "slot entry", by, attempt
-- pending: "slot entry" -> "by attempt since kind after id"   sent: entry -> its event
local pending, history, sent = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local verb, to, keep_events = ARGV[2], ARGV[3], ARGV[4]
local stamp = string.format('%.0f', now)

local function tell_of(field, rest, by)
  local slot, entry = string.match(field, '^(%S+) (.+)$')
  local kind, id = string.match(rest, '^(%S+) %S+ ?(.*)$')
  if id == '-' then id = '' end
  if verb == 'settle' then
    redis.pcall('HSET', sent, entry, tell('sent', stamp, slot, letter(kind), by, id, entry))
  else
    tell('missed', stamp, slot, letter(kind), by, id, slot, '1', to, entry)
  end
end

local function one(field, by, attempt)
  local raw = redis.call('HGET', pending, field)
  if not raw then return '' end
  local has, count, _, rest = string.match(raw, '^(%S+) (%S+) (%S+) (.+)$')
  local next_attempt = string.format('%d', attempt + 1)
  if verb == 'hand_over' and has == to and count == next_attempt then return raw end
  if has ~= by or count ~= attempt then return '' end
  if verb ~= 'hand_over' then
    redis.call('HDEL', pending, field)
    tell_of(field, rest, by)
    return raw
  end
  local new = to .. ' ' .. next_attempt .. ' ' .. stamp .. ' ' .. rest
  redis.call('HSET', pending, field, new)
  return new
end

local result = {}
for i = 5, #ARGV, 3 do result[#result + 1] = one(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
write_history(history, keep_events)
return result
