-- Removes one token, and no other, from the users' entries. KEYS: partition. ARGV: token, then users.
local removed = 0
for i = 2, #ARGV do
  local held = redis.call('HGET', KEYS[1], ARGV[i]) or ''
  local kept = {}
  for other in string.gmatch(held, '[^,]+') do
    if other ~= ARGV[1] then kept[#kept + 1] = other end
  end
  local value = table.concat(kept, ',')
  if value ~= held then
    removed = removed + 1
    if value == '' then redis.call('HDEL', KEYS[1], ARGV[i]) else redis.call('HSET', KEYS[1], ARGV[i], value) end
  end
end
return removed
