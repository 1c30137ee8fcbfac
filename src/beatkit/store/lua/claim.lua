-- Decide slots, or reserve them, each by itself and in order. See Store.claim.
--
-- KEYS  identity, revision, progress, claimed, paused, reserved, pending, history, sent
-- ARGV  ms to add to the server's clock, the writer's identity, its revision, its beat id,
--       "claim" or "reserve", ms for which a reservation stands, events kept in the history,
--       then for each claim: its head, the entry, scopes, the reason of missed slots, and the
--       words of its commands. Few and long words, since each costs the sender as much as the
--       whole of a number. The head is "after slot not_before act kind attempt, 1 if the first
--       scope is the entry's own, how many scopes follow, 1 if the last is that of everything,
--       fingerprint or -, first last count of missed slots or - - -, how many words each command
--       has". Where a claim's first command differs from the one before in its last word alone,
--       its count is "=", and that word is all that is sent of it
-- progress: entry -> "slot by fingerprint absent_since"   pending: "slot entry" -> "by
-- attempt since kind after id"   reserved: entry -> "slot by attempt since"   sent: entry -> its event
--
-- Effects reach the append-only file and the replicas as one transaction. Within it, our own
-- keys are written before the message and put back if the broker refuses it: so a user who
-- may push but not write our keys pushes nothing, instead of pushing for ever.
local identity, revision, progress, claimed, paused, reserved, pending, history, sent = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local me, mode, stands, keep_events = ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7]
local stamp = string.format('%.0f', now)

if (redis.call('GET', identity) or '') ~= ARGV[2] then return {stamp, 'lost'} end
if (redis.call('GET', revision) or '') ~= ARGV[3] then return {stamp, 'not_in_force'} end
local pauses = redis.call('EXISTS', paused) == 1
local reservations = redis.call('EXISTS', reserved) == 1

local at = 8
local function word()
  at = at + 1
  return ARGV[at - 1]
end
local function words(count)
  local from = at
  at = at + count
  return {unpack(ARGV, from, at - 1)}
end

local before -- the first command of the claim before
local function next_claim()
  local after, slot, not_before, act, kind, attempt, own, tags, all, counts, first, last, count, sizes =
    string.match(word(), '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)(.*)$')
  local claim = {
    entry = word(), after = after, slot = slot, not_before = not_before, act = act, kind = kind,
    attempt = attempt, own = own == '1', tags = words(tonumber(tags)), all = all == '1', commands = {},
    counts = counts,
  }
  if first ~= '-' then claim.missed = {first, last, count, word()} end
  for size in string.gmatch(sizes, '%S+') do
    if size == '=' then
      before[#before] = word() -- the claim that it was of has been decided
      claim.commands[1] = before
    else
      claim.commands[#claim.commands + 1] = words(tonumber(size))
    end
  end
  before = claim.commands[1] or before
  return claim
end

local function refused(command)
  local reply = redis.pcall(unpack(command))
  return type(reply) == 'table' and reply.err
end

local last_sent = {}
local function tell_of(claim)
  local missed = claim.missed
  if missed then
    tell('missed', stamp, missed[2], letter(claim.kind), me, '', missed[1], missed[3], plain(missed[4]), claim.entry)
  end
  if claim.act == 'push' then
    last_sent[#last_sent + 1] = claim.entry
    last_sent[#last_sent + 1] = tell('sent', stamp, claim.slot, letter(claim.kind), me, '', claim.entry)
  elseif claim.act == 'miss' and not (missed and missed[2] == claim.slot) then
    tell('missed', stamp, claim.slot, letter(claim.kind), me, '', claim.slot, '1', 'empty', claim.entry)
  end
end

local any = false
local function decide(claim, raw)
  local fingerprint = string.match(raw, '^%S+ %S+ (%S+)')
  local error = refused({'HSET', progress, claim.entry, claim.slot .. ' ' .. me .. ' ' .. fingerprint .. ' -'})
  if error then return error end
  local errors
  for i, command in ipairs(claim.commands) do
    error = refused(command)
    if error and i == 1 then
      redis.call('HSET', progress, claim.entry, raw)
      return error
    elseif error then
      errors = errors and errors .. '; ' .. error or error
    end
  end
  any = true
  if reservations then redis.call('HDEL', reserved, claim.entry) end
  tell_of(claim)
  return nil, errors
end

-- Why a slot is not sent: a pause, in force or when the slot came due; or it is the one to be skipped, and that is used up by it.
local function why_withheld(claim)
  if not pauses then return nil end
  local scopes = claim.tags
  if claim.own then table.insert(scopes, 1, 'entry:' .. claim.entry) end
  if claim.all then scopes[#scopes + 1] = '*' end
  for _, scope in ipairs(scopes) do
    local row = redis.call('HGET', paused, scope)
    if row then
      local ends, since, reason = string.match(row, '^(%S+) (%S+) %S+ (.*)$')
      ends = tonumber(ends) or math.huge
      local slot = tonumber(claim.slot)
      if now < ends or (slot >= tonumber(since) and slot < ends) then return 'paused: ' .. reason end
    end
  end
  if claim.act == 'miss' then return nil end
  local skip = redis.call('HGET', paused, 'skip:' .. claim.entry)
  if skip then return 'skipped: ' .. string.match(skip, '^%S+ %S+ %S+ (.*)$'), true end
end

local function reservation(claim)
  local raw = redis.call('HGET', reserved, claim.entry)
  if not raw then return nil end
  local slot, by, attempt, since = string.match(raw, '^(%S+) (%S+) (%S+) (%S+)$')
  return {slot = slot, by = by, attempt = attempt, since = tonumber(since)}
end

local function taken(claim, held)
  if not held then return {'taken', claim.after} end
  return {'taken', claim.after, held.by, held.attempt, string.format('%.0f', held.since + stands)}
end

local function reserve(claim)
  local held = reservation(claim)
  local attempt = '1'
  if held and held.slot == claim.slot then
    -- A reservation of the future is from before a step back of the clock.
    if held.by == me then
      attempt = held.attempt
    elseif held.since <= now and now < held.since + stands then
      return taken(claim, held)
    else
      attempt = string.format('%d', held.attempt + 1)
    end
  end
  redis.call('HSET', reserved, claim.entry, claim.slot .. ' ' .. me .. ' ' .. attempt .. ' ' .. stamp)
  return {'reserved', claim.after, '', attempt}
end

local function act(claim, raw, by)
  if claim.attempt ~= '0' then
    local held = reservation(claim)
    if not (held and held.slot == claim.slot and held.by == me and held.attempt == claim.attempt) then
      return taken(claim, held)
    end
  end
  if claim.act == 'pend' then
    local hand = table.concat({me, '1', stamp, claim.kind, claim.after, ''}, ' ')
    claim.commands = {{'HSET', pending, claim.slot .. ' ' .. claim.entry, hand}}
  end
  local error, errors = decide(claim, raw)
  if error then return {'failed', claim.after, by, '0', '0', error} end
  if claim.act == 'pend' then return {'pending', claim.slot, me} end
  if claim.act == 'miss' then return {'missed', claim.slot, me} end
  return errors and {'sent', claim.slot, me, '0', '0', errors} or 1
end

local function withhold(claim, raw, by, why, used_up)
  claim.commands, claim.act = {}, 'withhold'
  -- A beat that knew of the pause passes the slot over itself: it is told once, with the pause's reason.
  local told = claim.missed and claim.missed[2] == claim.slot
  if told and claim.missed[4] == 'paused' then claim.missed[4] = why end
  local error = decide(claim, raw)
  if error then return {'failed', claim.after, by, '0', '0', error} end
  if used_up then redis.call('HDEL', paused, 'skip:' .. claim.entry) end
  if not told then
    tell('missed', stamp, claim.slot, letter(claim.kind), me, '', claim.slot, '1', plain(why), claim.entry)
  end
  return {'withheld', claim.slot, me, '0', '0', why}
end

local function answer(claim)
  local raw = redis.call('HGET', progress, claim.entry)
  if not raw then return {'moved'} end
  local slot, by, counts = string.match(raw, '^(%S+) (%S+) (%S+)')
  if claim.counts ~= '-' and claim.counts ~= counts then return {'moved'} end
  if tonumber(slot) >= tonumber(claim.slot) then return {'decided', slot, by} end
  if slot ~= claim.after then return {'moved', slot, by} end
  if now < tonumber(claim.not_before) then return {'early', slot, by, '0', claim.not_before} end
  local why, used_up = why_withheld(claim)
  if why then return withhold(claim, raw, by, why, used_up) end
  if mode == 'reserve' then return reserve(claim) end
  return act(claim, raw, by)
end

local answers = {}
while at <= #ARGV do answers[#answers + 1] = answer(next_claim()) end
if any then redis.pcall('HSET', claimed, me, stamp) end
if #last_sent > 0 then redis.pcall('HSET', sent, unpack(last_sent)) end
write_history(history, keep_events)
return {stamp, '', answers}
