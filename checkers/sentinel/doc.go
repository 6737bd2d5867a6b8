// Package sentinel holds Sentinels to their work: whom they call down and when, how they vote and whom they promote, how
// soon, and what they leave alone; and clients that follow them to finding the new master.
package sentinel
