// Package e2e holds tests of a session against an embedded cluster, which import
// each other nowhere else: two readings of the protocol that check each other.
// Where Debian's ZooKeeper is installed, leader detection is tested with it.
package e2e
