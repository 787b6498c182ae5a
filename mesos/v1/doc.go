// Package v1 and the packages below it are the messages of the Mesos v1 HTTP
// APIs, generated from the .proto files beside the code.
//
// The files follow include/mesos/v1 of Apache Mesos 1.12. All are proto2: a
// pointer that is nil is a field that is not set, and GetX gives its default.
// Fields are declared in the order of the original, because Mesos writes JSON
// in the order of declaration (package mesos holds the JSON codec); testdata/schema.txt
// is the list that a test compares them with.
//
// v1 itself holds what all APIs share. The others are, one folder for each API:
// scheduler (framework and master), executor (executor and agent), master and
// agent (operators), with maintenance, quota and allocator used by the master's.
package v1

//go:generate sh -c "cd ../.. && protoc --plugin=protoc-gen-go=$(go tool -n protoc-gen-go) --go_out=. --go_opt=module=mesosbook mesos/v1/*.proto mesos/v1/*/*.proto"
