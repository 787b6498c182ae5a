// Package clients holds tests of the embedded cluster with clients that this
// project did not write: schedulers, executors and operators on mesos-go
// (github.com/mesos/mesos-go, api/v1), against a cluster that the mesosbook binary
// runs. It is a module of its own, so that what those clients depend on stays out
// of mesosbook's; docs/clients.md tells what else was run by hand.
package clients
