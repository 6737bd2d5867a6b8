// Package losses accounts for acknowledged writes that did not survive: how many, where in the replication history they
// were, what became of that, and whether asynchronous replication may have lost them.
package losses
