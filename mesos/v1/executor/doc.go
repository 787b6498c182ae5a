// Package executor is the executor API: the events an executor receives and the calls it
// makes on POST /api/v1/executor of the agent (executor HTTP API v1).
//
// The code is generated from executor.proto; package mesosbook/mesos/v1 says how.
package executor
