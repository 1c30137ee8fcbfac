-- Say how a run ended, and send the one that waited for it. See Runs.finish.
--
-- KEYS  marks of the entry, waiting, pending, history, ran, progress, removals
-- ARGV  ms to add to the server's clock, ms for which a mark is kept, entry, key, slot, token,
--       ending, events kept in the history, by, kind, task id, Celery's state, ms that it took,
--       ms since it ended, attempt
-- marks: key -> "state given token until started attempt"
-- ran: entry -> the event of the run that started last
local marks, waiting, pending, history, ran, progress, removals = unpack(KEYS)
local keep_for, entry, key, slot, token, ending = unpack(ARGV, 2, 7)
local keep_events, by, kind, id, celery_state, took, ago, attempt = unpack(ARGV, 8, 15)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local given, since = slot, string.format('%.0f', now)
local another_lives, later, told = false, false, false

local raw = redis.call('HGET', marks, key)
if raw then
  local state, of, stands, nth
  state, given, of, stands, since, nth =
    string.match(raw, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  later = tonumber(nth) > tonumber(attempt)
  another_lives = of ~= token and state == 'running' and tonumber(stands) > now
  told = of == token and state ~= 'running' -- the reply to the same call was lost
end

local function began(event)
  local what, at = string.match(event, '^(%a+)\t(%d+)\t')
  if what ~= 'ended' then return tonumber(at) end
  return at - string.match(event, '^%a+\t%d+\t%d+\t[^\t]*\t[^\t]*\t[^\t]*\t%d*\t(%d+)\t')
end

-- Of runs that went on at a time, the one that started last stays.
local function tell_end()
  local event = tell('ended', string.format('%.0f', now - ago), slot, letter(kind), by, id,
    other(given, slot), took, celery_state, entry)
  local last = redis.pcall('HGET', ran, entry)
  local same = type(last) ~= 'string' or string.find(last, '\t' .. id .. '\t', 1, true)
  local latest = same or began(last) <= began(event)
  if latest and not is_removed(progress, removals, entry) then
    redis.pcall('HSET', ran, entry, event)
  end
  write_history(history, keep_events)
end

if not told then tell_end() end
if another_lives then return 0 end
if not later then
  redis.call('HSET', marks, key, table.concat({ending, given, token, '0', since, attempt}, ' '))
  redis.call('PEXPIRE', marks, keep_for)
end
if redis.call('HEXISTS', marks, 'kept') == 1 then let_go(entry, marks, waiting, pending, now) end
return 1
