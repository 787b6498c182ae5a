// Package agent is a Mesos agent for the embedded cluster: it runs tasks as real
// processes in sandboxes, reports what becomes of them until each report is
// acknowledged, and answers an agent's HTTP endpoints.
//
// It follows src/slave and src/launcher of Apache Mesos 1.12 in what can be seen
// from the outside: messages, sources and reasons of task statuses, the layout of
// the work directory, the environment of tasks, the lines in a sandbox's stderr,
// the pages and the errors. Inside, a command task has no executor process of its
// own: the part of Mesos' mesos-executor is played by a goroutine, which keeps
// tasks light.
//
// An agent talks to its master by package link and knows nothing else of it. All
// state is guarded by Agent.mu; nothing blocks and no file is touched while it is
// held, but for the journal, to which a line is appended. Processes are started by
// package supervisor, below which they die with the program.
package agent
