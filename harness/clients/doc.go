// Package clients puts a Go client under test: go-redis, redigo, rueidis, or one's own. A function that uses the client
// as an application does is the workload; it is given a Dial and the addresses, and says what it does, so that the
// history tells of its operations and the checkers judge them like any other's.
//
//	func TestMyClientFollowsAFailover(t *testing.T) {
//		clients.Test(t, scenario, func(app *clients.App) {
//			client := redis.NewFailoverClient(&redis.FailoverOptions{
//				MasterName: app.MasterName(), SentinelAddrs: app.Sentinels(), Dialer: app.Dial})
//			defer client.Close()
//			…
//		})
//	}
//
// The function runs in a bubble of testing/synctest. Its connections lead into the simulated network, and the bubble's
// clock and the simulation's are one: before the simulation goes on to its next event, the bubble goes to that moment
// first, and stops on the way where the client dials, writes or closes. So thirty seconds of failover are some
// milliseconds, and time.Now, timers, sleeps and contexts of the client agree with what happens in the network.
//
//	test.go        Test: seeds, bubbles, failures
//	app.go         what the function is given
//	operation.go   operations for the history, and calls that outlast their context
//	conn.go        a connection, as a net.Conn
//	dial.go        how it comes up
//	gateway.go     the core that the machine of the client has in the simulation
//	bubble.go      the two clocks
//	wiretap.go     what the client sends to a master that was demoted
//	mutexes.go     what a bubble needs to go on while goroutines wait for a mutex
//
// CLIENTS.md is the page for users. What is exact about a run in a bubble and what is not, harness/DETERMINISM.md says.
package clients
