// Package scheduler is the scheduler API: the events a framework receives and the calls it
// makes on POST /api/v1/scheduler of the master (scheduler HTTP API v1).
//
// The code is generated from scheduler.proto; package mesosbook/mesos/v1 says how.
package scheduler
