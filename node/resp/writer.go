package resp

import "strconv"

// AppendSimple appends a status reply, "+s". Line breaks in s become blanks: they would end the reply early.
func AppendSimple(b []byte, s string) []byte { return appendLine(b, '+', s) }

// AppendError appends an error reply, "-s"; s begins with its code ("ERR no such key", "LOADING …"). Line breaks
// become blanks: errors often quote what a client sent.
func AppendError(b []byte, s string) []byte { return appendLine(b, '-', s) }

func appendLine(b []byte, kind byte, s string) []byte {
	b = append(b, kind)
	from := len(b)
	b = append(b, s...)
	for i := from; i < len(b); i++ {
		if b[i] == '\r' || b[i] == '\n' {
			b[i] = ' '
		}
	}
	return append(b, '\r', '\n')
}

// AppendInt appends an integer reply.
func AppendInt(b []byte, n int64) []byte { return appendHeader(b, ':', n) }

// AppendBulk appends a bulk string.
func AppendBulk(b, s []byte) []byte {
	b = appendHeader(b, '$', int64(len(s)))
	b = append(b, s...)
	return append(b, '\r', '\n')
}

// AppendBulkString appends a bulk string.
func AppendBulkString(b []byte, s string) []byte {
	b = appendHeader(b, '$', int64(len(s)))
	b = append(b, s...)
	return append(b, '\r', '\n')
}

// AppendBulkInt appends the decimal text of n as a bulk string.
func AppendBulkInt(b []byte, n int64) []byte {
	var text [20]byte
	return AppendBulk(b, strconv.AppendInt(text[:0], n, 10))
}

// AppendNull appends the null bulk string, "no such thing".
func AppendNull(b []byte) []byte { return append(b, "$-1\r\n"...) }

// AppendNullArray appends the null array: EXEC of a transaction whose WATCH failed, a blocking call timed out.
func AppendNullArray(b []byte) []byte { return append(b, "*-1\r\n"...) }

// AppendArray appends the header of an array of n elements; the caller appends the elements.
func AppendArray(b []byte, n int) []byte { return appendHeader(b, '*', int64(n)) }

// AppendCommand appends a request.
func AppendCommand(b []byte, args ...string) []byte {
	b = AppendArray(b, len(args))
	for _, arg := range args {
		b = AppendBulkString(b, arg)
	}
	return b
}

// AppendCommandBytes appends a request.
func AppendCommandBytes(b []byte, args [][]byte) []byte {
	b = AppendArray(b, len(args))
	for _, arg := range args {
		b = AppendBulk(b, arg)
	}
	return b
}

func appendHeader(b []byte, kind byte, n int64) []byte {
	b = append(b, kind)
	if n >= 0 && n < 10 { // most headers by far
		b = append(b, '0'+byte(n))
	} else {
		b = strconv.AppendInt(b, n, 10)
	}
	return append(b, '\r', '\n')
}
