// Package conf is the syntax of redis.conf: reading its lines, reading and printing its values, and rewriting a file
// so that it says what a node is configured to now. It knows no directive; node/server and node/sentinel do.
//
// A file is lines. A line whose first character is # and a blank one are kept and mean nothing; any other is a
// directive: words that follow the quoting rules of inline commands ([resp.SplitArgs]), the first of which names
// the option without regard to case.
//
// Everything here is a pure function of text: the caller reads and writes the files.
package conf
