package models

// hash tells states apart for porcupine, which compares all that have the same. It decides no answer.
func hash(state any) uint64 {
	switch s := state.(type) {
	case string:
		return hashText(s)
	case values:
		return hashText(string(s))
	case lists:
		return hashText(string(s))
	case cell:
		return hashText(s.word)
	case int64:
		return uint64(s) * 0x9e3779b97f4a7c15
	case holder:
		return uint64(s.token) * 0x9e3779b97f4a7c15
	}
	return 0
}

// hashText is FNV-1a.
func hashText(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return h
}
