// Package master is the operator API of the master: the calls, answers and events of
// POST /api/v1 (operator HTTP API v1).
//
// The code is generated from master.proto; package mesosbook/mesos/v1 says how.
package master
