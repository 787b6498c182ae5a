// Package cluster is a Mesos cluster in this process: a master and agents that
// answer the HTTP APIs and pages of Apache Mesos 1.12 on loopback, and run tasks
// as real processes. It is what the notebook works on when no other master is
// named, and what a framework's tests can run against.
//
// Start gives a Cluster with its URLs; Stop ends everything: listeners,
// connections, tasks, goroutines and the temporary work directory. There is no
// global state: several clusters run side by side. Task processes die with the
// program even if it is killed with SIGKILL (package agent/supervisor).
//
// Options.Masters gives it several masters, of which one leads; Options.ZooKeeper
// lets them elect it there. With Options.WorkDir a cluster that was ended goes on
// where it was. AwaitLeader and AwaitAgents wait for what a fault has disturbed.
//
// Faults can be made at any moment, to see what a framework does then: KillMaster,
// KillMasterAt, RestartMaster and RestartMasterAt, KillAgent, RestartAgent and StopAgent, CutLink, DelayLink and
// RestoreLink, DropUpdates, CutConnections, HoldHeartbeats and RescindOffers.
package cluster
