package hole

type queue chan int // want: channel

func made() any { return make(queue) } // want: channel

func declared() any { return make(chan int) } // want: channel

func closed(q queue) { close(q) } // want: channel

func sent(q queue) { q <- 1 } // want: channel

func received(q queue) int { return <-q } // want: channel

func drained(q queue) (n int) {
	for range q { // want: channel
		n++
	}
	return n
}

func first(a, b queue) int {
	select { // want: channel
	case n := <-a: // want: channel
		return n
	case n := <-b: // want: channel
		return n
	}
}
