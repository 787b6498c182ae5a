// Package maintenance holds the windows, schedules and drain states of machines that
// are taken out for maintenance.
//
// The code is generated from maintenance.proto; package mesosbook/mesos/v1 says how.
package maintenance
