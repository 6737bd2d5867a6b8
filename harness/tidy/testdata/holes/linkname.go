package hole

import _ "unsafe" // want: import

//go:linkname nanotime runtime.nanotime // want: linkname
func nanotime() int64
