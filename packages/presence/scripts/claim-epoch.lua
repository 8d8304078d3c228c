-- A new epoch of a shard id, higher than all before. Redis' own time makes it grow even when the stored epoch was lost
-- (FLUSHALL) or is an old one (stale replica).
-- KEYS: epoch of the shard id. ARGV: how long the epoch is remembered (ms). Answer: the epoch.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local epoch = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') + 1, now)
redis.call('SET', KEYS[1], string.format('%.0f', epoch), 'PX', ARGV[1])
return epoch
