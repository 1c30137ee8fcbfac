-- Whether an entry was added while beats ran and removed since: no row of it is to come back
-- with a run that outlives it. `start` and `finish` begin with this.
local function is_removed(progress, removals, entry)
  return redis.call('ZSCORE', removals, entry) and redis.call('HEXISTS', progress, entry) == 0
end

