// Package pubsub keeps who is subscribed to which channels and patterns, and says who gets a message. A server and
// a Sentinel both have one registry; they send what it returns.
//
// All orders follow from the order of the calls: messages go to the subscribers of the channel in the order in which
// they subscribed, then to the matching patterns in the order in which those were subscribed. Redis 4.0 does the
// same for delivery (pubsub.c, pubsubPublishMessage) and follows its hash tables for listings; here a listing of one
// connection's subscriptions is in their order and a listing of all channels is sorted.
package pubsub
