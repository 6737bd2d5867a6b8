package hole

import (
	"fmt"
	"net"     // want: import
	"os"      // want: import
	"runtime" // want: import
	"syscall" // want: import
)

func told() {
	fmt.Println(os.Getpid(), runtime.NumGoroutine(), syscall.Getpagesize()) // want: import
	net.Listen("tcp", "127.0.0.1:0")
	println("here") // want: import
}
