-- Judge whether a run may start, and mark it as running if it may. See Runs.start.
--
-- KEYS  progress, marks of the entry, history, waiting, ran, removals
-- ARGV  ms to add to the server's clock, ms for which a mark is live, ms for which it is kept,
--       how many are kept, events kept in the history, entry, key, slot, token, by,
--       attempt, redelivered, not_after or "", coalesce, overlap, what to keep (JSON) or "",
--       kind, task id, delay, ms for which a mark is young, how many young ones are kept
-- marks: key -> "state given token until started attempt"   "covers" -> "slot key"
--        "kept": see `kept`
-- ran: entry -> the event of the run that started last
local progress, marks, history, waiting, ran, removals = unpack(KEYS)
local live_for, keep_for, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local keep_events, entry, key, slot, token, by = unpack(ARGV, 5, 10)
local attempt, redelivered, coalesce = tonumber(ARGV[11]), ARGV[12] == '1', ARGV[14] == '1'
local not_after, overlap, kind, id = tonumber(ARGV[13]), ARGV[15], ARGV[17], ARGV[18]
local delay, young_for, most_young = tonumber(ARGV[19]), tonumber(ARGV[20]), tonumber(ARGV[21])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])

local function text(number)
  return string.format('%.0f', number)
end

local mine, covers, covered_by, kept
local another_lives, ended = nil, {}
local flat = redis.call('HGETALL', marks)
for i = 1, #flat, 2 do
  local name, raw = flat[i], flat[i + 1]
  if name == 'covers' then
    covers, covered_by = string.match(raw, '^(%S+) (.+)$')
  elseif name == 'kept' then
    kept = cjson.decode(raw)
  else
    local state, given, _, stands, since, nth =
      string.match(raw, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
    local live = state == 'running' and tonumber(stands) > now
    if name == key then
      mine = {
        state = state, given = given, live = live, stands = tonumber(stands),
        attempt = tonumber(nth),
      }
    elseif live then
      another_lives = math.max(another_lives or 0, tonumber(stands))
    else
      ended[#ended + 1] = {name = name, since = tonumber(since)}
    end
  end
end

local function judge()
  if attempt > (mine and mine.attempt or 0) then return 'start' end
  if mine and (attempt < mine.attempt or mine.state ~= 'running' and mine.state ~= 'torn'
    or not redelivered) then
    return 'duplicate'
  end
  if mine and mine.live then return 'held', mine.stands - now end
  if attempt > 0 then return 'start' end
  if not_after and now > not_after then return 'deadline' end
  if coalesce and covers and tonumber(covers) >= tonumber(slot) and covered_by ~= key then
    return 'coalesced'
  end
  if another_lives and overlap == 'skip' then return 'overlap' end
  if another_lives and overlap == 'buffer_one' then
    return kept and tonumber(kept.slot) > tonumber(slot) and 'overlap' or 'kept'
  end
  return 'start'
end

local function tell_skip(of_slot, of_kind, of_id, reason)
  tell('skipped', text(now), of_slot, letter(of_kind), by, of_id, reason, entry)
end

-- Judged afresh when it comes again, it is no copy of what its own mark stands for.
local function keep()
  if kept and kept.key ~= key then tell_skip(kept.slot, kept.kind, kept.id, 'overlap') end
  redis.call('HDEL', marks, key)
  redis.call('HSET', marks, 'kept', ARGV[16])
  redis.call('PEXPIRE', marks, text(keep_for))
  redis.call('HSET', waiting, entry, text(another_lives))
end

local function trim()
  table.sort(ended, function(a, b)
    return a.since < b.since or a.since == b.since and a.name < b.name
  end)
  for at, mark in ipairs(ended) do
    local newer = #ended - at
    local kept_on = newer < most and mark.since > now - keep_for
      or newer < most_young and mark.since > now - young_for
    if not kept_on then redis.call('HDEL', marks, mark.name) end
  end
end

local outcome, wait = judge()
if outcome ~= 'start' then
  if outcome == 'kept' then
    keep()
    tell('kept', text(now), slot, letter(kind), by, id, entry)
  elseif outcome ~= 'held' then
    tell_skip(slot, kind, id, outcome)
  end
  write_history(history, keep_events)
  return {outcome, slot, text(wait or 0)}
end

if kept and kept.key == key then redis.call('HDEL', marks, 'kept') end

local given = slot
if attempt > 0 then
  given = mine and mine.given or slot
elseif coalesce then
  local decided, decider = string.match(redis.call('HGET', progress, entry) or '', '^(%S+) (%S+) ')
  local newest = decided and tonumber(decided) > tonumber(slot) and decided or slot
  -- Progress that no beat decided is where the entry begins to count, and no slot.
  if decider ~= '-' then given = newest end
  if delay > 0 and tonumber(newest) > now - delay then
    newest, given = text(math.max(tonumber(slot), now - delay)), slot
  end
  redis.call('HSET', marks, 'covers', newest .. ' ' .. key)
end
trim()
redis.call('HSET', marks, key,
  table.concat({'running', given, token, text(now + live_for), text(now), attempt}, ' '))
redis.call('PEXPIRE', marks, text(keep_for))
local event = tell('started', text(now), slot, letter(kind), by, id, other(given, slot), entry)
if not is_removed(progress, removals, entry) then redis.pcall('HSET', ran, entry, event) end
write_history(history, keep_events)
return {outcome, given, '0'}
