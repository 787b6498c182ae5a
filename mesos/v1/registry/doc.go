// Package registry has what a master keeps beyond its own end: registry.proto of
// Apache Mesos 1.12 (src/master/registry.proto), with the agents in their v1 form.
//
// The code is generated from registry.proto; package mesosbook/mesos/v1 says how.
package registry
