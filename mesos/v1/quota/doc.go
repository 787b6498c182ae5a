// Package quota holds the guarantees and limits of roles.
//
// The code is generated from quota.proto; package mesosbook/mesos/v1 says how.
package quota
