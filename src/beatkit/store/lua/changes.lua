-- Say what changed among the runtime-owned entries. See OwnedEntries.since.
--
-- KEYS  runtime, entries, changes, removals
-- ARGV  ms to add to the server's clock (unused), after which version, how many at most
-- Rows come as entry, version, row; the row is "" of an entry that was removed.
local runtime, entries, changes, removals = unpack(KEYS)
local after, most = '(' .. ARGV[2], ARGV[3]

local found = {}
local function add(key)
  local names = redis.call('ZRANGEBYSCORE', key, after, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
  for i = 1, #names, 2 do
    local row = key == changes and redis.call('HGET', entries, names[i]) or ''
    found[#found + 1] = {names[i], string.format('%.0f', names[i + 1]), row}
  end
end
add(changes)
add(removals)
return {redis.call('HGET', runtime, 'version') or '0', redis.call('HGET', runtime, 'forgotten') or '0', found}
