-- Adds a token to the users' entries. An older epoch of the same shard is dead and goes; a newer one stays alone.
-- KEYS: partition. ARGV: token, then users.
local token = ARGV[1]
local id, epoch = string.match(token, '^(.*)@(%d+)$')
epoch = tonumber(epoch)
for i = 2, #ARGV do
  local held = redis.call('HGET', KEYS[1], ARGV[i]) or ''
  local kept, isStale = {}, false
  for other in string.gmatch(held, '[^,]+') do
    local otherId, otherEpoch = string.match(other, '^(.*)@(%d+)$')
    if otherId ~= id then
      kept[#kept + 1] = other
    elseif tonumber(otherEpoch) > epoch then
      kept[#kept + 1] = other
      isStale = true
    end
  end
  if not isStale then kept[#kept + 1] = token end
  local value = table.concat(kept, ',')
  if value ~= held then redis.call('HSET', KEYS[1], ARGV[i], value) end
end
return 1
