-- One page of a partition's users, with those of their tokens whose lease lives; the others are removed.
-- KEYS: partition, lease table. ARGV: cursor, page size. Answer: {next cursor, user, tokens, user, tokens, …}.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lives = {}
local function isAlive(token)
  if lives[token] == nil then lives[token] = tonumber(redis.call('ZSCORE', KEYS[2], token) or '0') > now end
  return lives[token]
end
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local answer = { page[1] }
local entries = page[2]
for i = 1, #entries, 2 do
  local user, held = entries[i], entries[i + 1]
  local kept = {}
  for token in string.gmatch(held, '[^,]+') do
    if isAlive(token) then kept[#kept + 1] = token end
  end
  local value = table.concat(kept, ',')
  if value == '' then
    redis.call('HDEL', KEYS[1], user)
  else
    if value ~= held then redis.call('HSET', KEYS[1], user, value) end
    answer[#answer + 1] = user
    answer[#answer + 1] = value
  end
end
return answer
