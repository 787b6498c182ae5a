// Package agent is the operator API of the agent: the calls and answers of POST /api/v1,
// and the records that attach to a container (operator HTTP API v1).
//
// The code is generated from agent.proto; package mesosbook/mesos/v1 says how.
package agent
