// Package callers is what calls a Redis while the nemesis hurts it: clients that read and write, and the observer that
// asks the servers and Sentinels how they are. Each is a core like any other (package node), so the same clients run in
// virtual time and on real TCP. What they do and learn they note; the notes are the history.
package callers
