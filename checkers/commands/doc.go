// Package commands holds servers to what they answer their clients: the replies of commands, times to live, transactions,
// messages, WAIT and passwords.
package commands
