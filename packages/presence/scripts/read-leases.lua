-- All live leases. KEYS: lease table. ARGV: what a lease's key starts with, lease ms.
-- Answer: one {token, age ms, address, state, connections, partitions, member id or null} each.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local members = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf', 'WITHSCORES')
local leases = {}
for i = 1, #members, 2 do
  local token, expiry = members[i], tonumber(members[i + 1])
  local id, epoch = string.match(token, '^(.*)@(%d+)$')
  local fields = redis.call('HMGET', ARGV[1] .. id, 'epoch', 'address', 'state', 'connections', 'partitions', 'member_id')
  if fields[1] == epoch then
    local age = math.max(0, now + tonumber(ARGV[2]) - expiry)
    leases[#leases + 1] = { token, age, fields[2], fields[3], fields[4], fields[5], fields[6] }
  end
end
return leases
