-- What the scripts that write the history share; each of them has this before it.
-- An event is words between tabs, the entry's name last: see beatkit/store/events.py.
local events = {}
local function tell(...)
  local text = table.concat({...}, '\t')
  events[#events + 1] = text
  return text
end
-- A kind is its first letter; a slot that is the message's own is left empty.
local function letter(kind) return string.sub(kind, 1, 1) end
local function other(given, slot) return given == slot and '' or given end
local function plain(text)
  return (string.gsub(text, '%c', ' '))
end
-- Nothing is undone where a server takes no more or its user may not: the slots are decided.
local function write_history(key, keep)
  if #events == 0 or keep == '0' then return end
  for at = 1, #events, 1000 do -- Lua hands on some thousands of words at most
    redis.pcall('RPUSH', key, unpack(events, at, math.min(at + 999, #events)))
  end
  redis.pcall('LTRIM', key, -keep, -1)
end
