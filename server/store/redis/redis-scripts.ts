// Each script is one atomic step, whichever replica runs it. Times are those of Redis: replicas
// say how long something lasts, never until when. ARGV[1] is the prefix of all keys.
//
//   c:<id>            a challenge: kind, uid, node, said, sealed
//   live:<kind>       ids of challenges by the end of their time
//   n:<kind>:<node>   a node's challenges, the newest first
//   s:<sid>           a session: said, sealed, until, window
//   sn:<node>         a node's sessions, the newest first
//   r:<limit>:<who>   a bucket that is not full: tokens, at

const LASTS = `
local function lasts(key, ms)
  if redis.call("PTTL", key) < ms then redis.call("PEXPIRE", key, ms) end
end
`;

/**
 * Takes from buckets, from the argument at `first` on; for each of them its name, burst, per
 * second, weight. Gives which of them has too little first, counted from 0, and the milliseconds
 * until it has enough; nothing when all were taken. A bucket lasts until it is full again, so that
 * strangers cannot fill the memory with them. Numbers become texts by a format of their own: Lua
 * would round a time (in microseconds) to 14 digits.
 */
const SPENDING = `
local function spend(first)
  local time = redis.call("TIME")
  local now = time[1] * 1000000 + time[2]
  local left = {}
  for i = first, #ARGV, 4 do
    local burst, rate = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]) / 1000000
    local weight = tonumber(ARGV[i + 3])
    local was = redis.call("HMGET", ARGV[1] .. "r:" .. ARGV[i], "tokens", "at")
    local tokens = burst
    if was[1] then
      local passed = math.max(0, now - tonumber(was[2]))
      tokens = math.min(burst, tonumber(was[1]) + passed * rate)
    end
    local missing = math.max(weight, 1) - tokens
    if missing > 0 then
      return { (i - first) / 4, string.format("%.0f", math.ceil(missing / rate / 1000)) }
    end
    left[i] = tokens - weight
  end
  for i = first, #ARGV, 4 do
    local weight = tonumber(ARGV[i + 3])
    if weight > 0 then
      local key, lasts = ARGV[1] .. "r:" .. ARGV[i], (tonumber(ARGV[i + 1]) - left[i]) / ARGV[i + 2]
      redis.call("HSET", key, "tokens", string.format("%.9f", left[i]), "at", string.format("%.0f", now))
      redis.call("PEXPIRE", key, string.format("%.0f", math.ceil(lasts * 1000)))
    end
  end
  return false
end
`;

/** Buckets. */
export const SPEND = `${SPENDING}return spend(2)`;

/** id, kind, uid, node, said, sealed, ms, keep, max. 0: too many; -1: the id is taken. */
export const PUT_CHALLENGE = `${LASTS}
local p, id, kind, uid, node, said, sealed = unpack(ARGV, 1, 7)
local ms, keep, max = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local key, live, own = p .. "c:" .. id, p .. "live:" .. kind, p .. "n:" .. kind .. ":" .. node
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("ZREMRANGEBYSCORE", live, "-inf", now)
if redis.call("ZCARD", live) >= max then return 0 end
if redis.call("EXISTS", key) == 1 then return -1 end
redis.call("HSET", key, "kind", kind, "uid", uid, "node", node, "said", said, "sealed", sealed)
redis.call("PEXPIRE", key, ms)
redis.call("ZADD", live, now + ms, id)
lasts(live, ms)
redis.call("LPUSH", own, id)
lasts(own, ms)
for _, old in ipairs(redis.call("LRANGE", own, keep, -1)) do
  redis.call("DEL", p .. "c:" .. old)
  redis.call("ZREM", live, old)
end
redis.call("LTRIM", own, 0, keep - 1)
return 1
`;

/** id, kind, whether the uid counts (0 or 1), uid, buckets. Gives said and sealed, or what `spend` does. */
export const TAKE_CHALLENGE = `${SPENDING}
local refused = spend(6)
if refused then return refused end
local p, id, kind, bound, uid = unpack(ARGV, 1, 5)
local key = p .. "c:" .. id
local found = redis.call("HMGET", key, "kind", "uid", "node", "said", "sealed")
if found[1] ~= kind then return false end
if bound == "1" and found[2] ~= uid then return false end
redis.call("DEL", key)
redis.call("ZREM", p .. "live:" .. kind, id)
redis.call("LREM", p .. "n:" .. kind .. ":" .. found[3], 0, id)
return { found[4], found[5] }
`;

/** sid, node, said, sealed, until, window, ms, keep. 0: there is one of that name. */
export const OPEN_SESSION = `${LASTS}
local p, sid, node, said, sealed, ends, window = unpack(ARGV, 1, 7)
local ms, keep = tonumber(ARGV[8]), tonumber(ARGV[9])
local key, own = p .. "s:" .. sid, p .. "sn:" .. node
if redis.call("EXISTS", key) == 1 then return 0 end
redis.call("HSET", key, "said", said, "sealed", sealed, "until", ends, "window", window)
redis.call("PEXPIRE", key, ms)
redis.call("LPUSH", own, sid)
lasts(own, ms)
for _, old in ipairs(redis.call("LRANGE", own, keep, -1)) do redis.call("DEL", p .. "s:" .. old) end
redis.call("LTRIM", own, 0, keep - 1)
return 1
`;

/** sid, before, after. Gives what the window is when it was not \`before\`; nothing when it was. */
export const MOVE_WINDOW = `
local p, sid, before, after = unpack(ARGV)
local key = p .. "s:" .. sid
local window = redis.call("HGET", key, "window")
if window ~= before then return window or "" end
redis.call("HSET", key, "window", after)
return false
`;

/** sid, node, until, ms. */
export const RENEW_SESSION = `${LASTS}
local p, sid, node, ends, ms = unpack(ARGV)
local key = p .. "s:" .. sid
if redis.call("EXISTS", key) == 0 then return 0 end
redis.call("HSET", key, "until", ends)
redis.call("PEXPIRE", key, ms)
lasts(p .. "sn:" .. node, tonumber(ms))
return 1
`;

/** node, kinds of challenges. */
export const CLOSE_NODE = `
local p, node = ARGV[1], ARGV[2]
local sessions = p .. "sn:" .. node
for _, sid in ipairs(redis.call("LRANGE", sessions, 0, -1)) do redis.call("DEL", p .. "s:" .. sid) end
redis.call("DEL", sessions)
for i = 3, #ARGV do
  local own = p .. "n:" .. ARGV[i] .. ":" .. node
  for _, id in ipairs(redis.call("LRANGE", own, 0, -1)) do
    redis.call("DEL", p .. "c:" .. id)
    redis.call("ZREM", p .. "live:" .. ARGV[i], id)
  end
  redis.call("DEL", own)
end
return 1
`;
