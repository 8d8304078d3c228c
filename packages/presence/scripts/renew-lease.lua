-- Writes a shard's lease, unless a later epoch of its id was claimed. The score in the lease table decides how long the lease
-- lives; its hash stays longer, for the successor of a crashed shard.
-- KEYS: lease table, lease, epoch of the shard id.
-- ARGV: token, epoch, lease ms, hash retention ms, epoch retention ms, then the lease's fields and values.
-- Answer: fenced | renewed | restored (the registry did not have this lease alive).
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local token, epoch, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local written = tonumber(redis.call('HGET', KEYS[2], 'epoch') or '0')
local latest = math.max(tonumber(redis.call('GET', KEYS[3]) or '0'), written)
if latest > epoch then return 'fenced' end
local expiry = tonumber(redis.call('ZSCORE', KEYS[1], token) or '0')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 60000)
redis.call('ZADD', KEYS[1], now + lease, token)
if written > 0 and written ~= epoch then
  local id = string.match(token, '^(.*)@')
  redis.call('ZREM', KEYS[1], string.format('%s@%.0f', id, written))
end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], unpack(ARGV, 6))
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[5])
if expiry > now and written == epoch then return 'renewed' end
return 'restored'
