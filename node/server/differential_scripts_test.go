package server

// drawScripts draws a script that says a few commands. 7.0 tells replicas what a script changed, and 4.0 does if it is
// asked to.
func drawScripts(g draws) drawn {
	body := g.pick(
		"return redis.call('SET', KEYS[1], ARGV[1])",
		"return redis.call('GET', KEYS[1])",
		"return redis.pcall('INCR', KEYS[1])",
		"return redis.call('LRANGE', KEYS[2], 0, -1)",
		"redis.call('RPUSH', KEYS[2], ARGV[1], ARGV[2]) return redis.call('LLEN', KEYS[2])",
		"redis.call('DEL', KEYS[1]) redis.call('SET', KEYS[1], ARGV[2]) return {redis.call('STRLEN', KEYS[1]), ARGV[1], {KEYS[2]}}",
		"local t = redis.call('TYPE', KEYS[2]) if t.ok == 'list' then return redis.call('LPOP', KEYS[2]) end return t",
		"local n = 0 for i = 1, 20 do n = n + redis.call('HSET', KEYS[3], 'f' .. i % 7, i) end return n",
		"redis.call('ZADD', KEYS[4], 1.5, ARGV[1], 2, ARGV[2]) return redis.call('ZRANGE', KEYS[4], 0, -1, 'WITHSCORES')",
		"return {redis.pcall('LPUSH', KEYS[1], 'x'), type(redis.pcall('GET', KEYS[2])), 3.9, true, false, nil, 1}",
		"local r = redis.pcall('HGET', KEYS[1], 'x') if type(r) == 'table' and r.err then return r.err end return r",
		"return redis.error_reply('MINE ' .. ARGV[1])",
		"return redis.status_reply(KEYS[1])",
		"redis.call('EXPIRE', KEYS[1], 100000) return redis.call('TTL', KEYS[1]) > 99990",
		"redis.call('SELECT', 1) redis.call('SET', KEYS[1], 'there') redis.call('SELECT', 0) return redis.call('EXISTS', KEYS[1])",
		"return cjson.encode({redis.call('MGET', KEYS[1], KEYS[2])})",
		"return redis.sha1hex(ARGV[1] .. (redis.pcall('GET', KEYS[1]) and '' or '-'))",
		"redis.call('SADD', KEYS[5], unpack(ARGV)) return redis.call('SCARD', KEYS[5])",
		"if redis.call('SETNX', KEYS[1], ARGV[1]) == 1 then return 'mine' end return redis.call('GET', KEYS[1]) == ARGV[1]",
	)
	return say("EVAL", "redis.replicate_commands() "+body, "5", g.key("k"), g.key("l"), g.key("h"), g.key("z"), g.key("s"), g.word(), g.word())
}
