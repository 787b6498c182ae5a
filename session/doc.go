// Package session is one live subscription to a Mesos master over the v1
// scheduler HTTP API (Apache Mesos 1.12, docs/scheduler-http-api.md): it keeps
// the event stream, follows the leader, tracks offers and tasks, acknowledges
// status updates and answers calls.
//
// The rules it keeps:
//
//   - Every record of the stream goes to the event log before it is acted on; a
//     status update is acknowledged only after the log is on disk.
//   - Any record resets the watchdog; none for five heartbeat intervals is a loss.
//   - After a loss it subscribes again with the same framework id, with back-off
//     and jitter, and reconciles the tasks it knows.
//   - Found through ZooKeeper, the leader is watched there while subscribed: a new one
//     is followed at once. A ZooKeeper that is away costs no subscription.
//   - A subscription taken over by another scheduler is reported and not fought.
//   - JSON is read with gjson and never mapped to messages: unknown fields, events
//     and enum values survive, and what a caller sees is what was on the wire.
//   - No lock is held over I/O or a callback; a slow event handler is cut off.
//   - Secrets appear in no log, error, call record or rendering.
package session
