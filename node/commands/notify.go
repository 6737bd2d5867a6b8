package commands

import (
	"strconv"
	"strings"
)

// Keyspace notifications: what happens to keys is published to whoever subscribed. Redis 4.0: notify.c.

// Events is which notifications are sent: classes of events, and the two kinds of channels.
type Events uint16

// The classes, each with its letter in notify-keyspace-events, and the channels.
const (
	eventGeneric     Events = 1 << iota // g
	eventString                         // $
	eventList                           // l
	eventSet                            // s
	eventHash                           // h
	eventZSet                           // z
	eventExpired                        // x
	eventEvicted                        // e
	keyspaceChannels                    // K: __keyspace@<db>__:<key>, the message is the event
	keyeventChannels                    // E: __keyevent@<db>__:<event>, the message is the key

	eventAll = keyspaceChannels - 1 // A
)

const eventLetters = "g$lshzxeKE"

// ParseEvents reads notify-keyspace-events.
func ParseEvents(text string) (e Events, ok bool) {
	for i := 0; i < len(text); i++ {
		at := strings.IndexByte(eventLetters, text[i])
		switch {
		case text[i] == 'A':
			e |= eventAll
		case at < 0:
			return 0, false
		default:
			e |= 1 << at
		}
	}
	return e, true
}

// String prints the events as CONFIG GET does.
func (e Events) String() string {
	var b strings.Builder
	letters := eventLetters
	if e&eventAll == eventAll {
		b.WriteByte('A')
		letters = "KE"
	}
	for i := range letters {
		if e&(1<<strings.IndexByte(eventLetters, letters[i])) != 0 {
			b.WriteByte(letters[i])
		}
	}
	return b.String()
}

// notify tells subscribers what has happened to a key.
func (d *Data) notify(class Events, event string, db int, key []byte) {
	on := d.cfg.Notify
	if on&class == 0 {
		return
	}
	if on&keyspaceChannels != 0 {
		d.front.Publish("__keyspace@"+strconv.Itoa(db)+"__:"+string(key), []byte(event))
	}
	if on&keyeventChannels != 0 {
		d.front.Publish("__keyevent@"+strconv.Itoa(db)+"__:"+event, key)
	}
}
