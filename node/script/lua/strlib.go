package lua

import "strings"

var stringLib = []entry{
	{"byte", strByte}, {"char", strChar}, {"dump", strDump}, {"find", strFind}, {"format", strFormat},
	{"gfind", strGmatch}, {"gmatch", strGmatch}, {"gsub", strGsub}, {"len", strLen}, {"lower", strLower},
	{"match", strMatch}, {"rep", strRep}, {"reverse", strReverse}, {"sub", strSub}, {"upper", strUpper},
}

func strLen(c *Call) { c.PushNum(float64(len(c.CheckStr(1)))) }

// from is a position counted from the end if it is negative.
func relative(pos, n int) int {
	if pos < 0 {
		pos += n + 1
	}
	return max(pos, 0)
}

func strSub(c *Call) {
	s := c.CheckStr(1)
	i := relative(c.CheckInt(2), len(s))
	j := relative(c.OptInt(3, -1), len(s))
	i, j = max(i, 1), min(j, len(s))
	if i > j {
		c.PushStr("")
		return
	}
	c.PushStr(s[i-1 : j])
}

func strReverse(c *Call) {
	s := c.CheckStr(1)
	c.th.st.charge(len(s))
	b := make([]byte, len(s))
	for i := range len(s) {
		b[len(s)-1-i] = s[i]
	}
	c.PushStr(string(b))
}

// mapBytes changes bytes of ASCII: in the locale of a server no others have a case.
func mapBytes(c *Call, from, to byte, add byte) {
	s := c.CheckStr(1)
	c.th.st.charge(len(s))
	c.Work(len(s) / 64)
	b := []byte(s)
	for i, x := range b {
		if x >= from && x <= to {
			b[i] = x + add
		}
	}
	c.PushStr(string(b))
}

func strLower(c *Call) { mapBytes(c, 'A', 'Z', 'a'-'A') }
func strUpper(c *Call) { mapBytes(c, 'a', 'z', 256-('a'-'A')) }

func strRep(c *Call) {
	s := c.CheckStr(1)
	n := c.checkInt32(2)
	if n <= 0 || s == "" {
		c.PushStr("")
		return
	}
	if len(s) > maxString/n {
		c.Throw(Str(NotEnoughMemory))
	}
	c.th.st.charge(len(s) * n)
	c.Work(len(s) * n / 64)
	c.Push(Str(strings.Repeat(s, n)))
}

// maxString is how long a string may be whatever memory there is.
const maxString = 1 << 31

func strByte(c *Call) {
	s := c.CheckStr(1)
	i := relative(c.OptInt(2, 1), len(s))
	j := relative(c.OptInt(3, i), len(s))
	i, j = max(i, 1), min(j, len(s))
	if i > j {
		return
	}
	c.Room(j-i+1, "string slice too long")
	for ; i <= j; i++ {
		c.PushNum(float64(s[i-1]))
	}
}

func strChar(c *Call) {
	b := make([]byte, c.n)
	for i := range b {
		x := c.checkInt32(i + 1)
		c.ArgCheck(x >= 0 && x <= 255, i+1, "invalid value")
		b[i] = byte(x)
	}
	c.PushStr(string(b))
}

func strDump(c *Call) {
	c.CheckFunction(1)
	c.Errorf("unable to dump given function")
}
