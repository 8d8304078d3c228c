-- Ends a shard's lease if it is still of this epoch. KEYS: lease table, lease. ARGV: token, epoch.
redis.call('ZREM', KEYS[1], ARGV[1])
if redis.call('HGET', KEYS[2], 'epoch') == ARGV[2] then redis.call('DEL', KEYS[2]) end
return 1
