// Package scenarios is the catalogue: scenarios named after what they show. Each is a file beside this one, in the
// form that a user's own scenario has.
package scenarios
