// Package reference is what Redis's commands come to when one client alone works on its keys: another telling of the
// documented rules, slow and plain, which shares no code with the server under test. It is fed commands with the replies
// that a server gave, and says which reply the rules do not allow.
//
// It knows strings, lists, sets, hashes, sorted sets, times to live, databases, transactions with WATCH, and one-command
// scripts. What chance decides, such as which member SPOP takes, it learns from the reply. Of a key that may just be dying
// it says that it is not sure. Redis 4.0: t_string.c, t_list.c, t_set.c, t_hash.c, t_zset.c, expire.c, multi.c, sort.c.
package reference
