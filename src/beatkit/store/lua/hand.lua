-- Settle pendings, or hand them to another beat. See Store.settle and Store.hand_over.
--
-- KEYS  pending
-- ARGV  ms to add to the server's clock, "settle" or "hand_over", to which beat ("-": anybody),
--       then for each: "slot entry", by, attempt
-- pending: "slot entry" -> "by attempt since kind after id"
local pending = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local verb, to = ARGV[2], ARGV[3]

local function one(field, by, attempt)
  local raw = redis.call('HGET', pending, field)
  if not raw then return '' end
  local has, count, _, kind = string.match(raw, '^(%S+) (%S+) (%S+) (.+)$')
  local next_attempt = string.format('%d', attempt + 1)
  if verb == 'hand_over' and has == to and count == next_attempt then return raw end
  if has ~= by or count ~= attempt then return '' end
  if verb == 'settle' then
    redis.call('HDEL', pending, field)
    return raw
  end
  local new = to .. ' ' .. next_attempt .. ' ' .. string.format('%.0f', now) .. ' ' .. kind
  redis.call('HSET', pending, field, new)
  return new
end

local result = {}
for i = 4, #ARGV, 3 do result[#result + 1] = one(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
return result
