// Package libprocess holds what a Mesos master and a Mesos agent share because both
// are libprocess programs: how a query is read, how numbers and durations are
// written, the help pages, the logging level and the answer of a profiler that
// is not there. It follows 3rdparty/libprocess and 3rdparty/stout of Apache
// Mesos 1.12, with the texts that clients get to see.
//
// Nothing here writes to a connection: an [Answer] is what to write.
package libprocess
