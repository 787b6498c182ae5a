// Package allocator holds what the allocator knows of inverse offers.
//
// The code is generated from allocator.proto; package mesosbook/mesos/v1 says how.
package allocator
