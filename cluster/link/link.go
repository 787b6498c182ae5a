// Package link is what a master and an agent of the embedded cluster say to
// each other. In Mesos these are libprocess messages (messages.proto of 1.12);
// here they are Go values on an ordered, in-process connection with the same
// meaning, so that the scheduler, executor and operator APIs on both sides stay
// real HTTP while this inner protocol costs nothing.
//
// A message is a pointer to one of the structs below and is not changed after
// it was sent.
package link

import (
	v1 "mesosbook/mesos/v1"
)

// Message is one of the structs of this package.
type Message interface{ linkMessage() }

// Messages of an agent to its master.
type (
	// RegisterAgent asks for an id (Info.Id unset) or announces a known agent
	// again (Info.Id set; then with what it runs).
	RegisterAgent struct {
		Info         *v1.AgentInfo
		PID          string // "slave(1)@127.0.0.1:5051"
		Version      string // "1.12.0"
		Capabilities []v1.AgentInfo_Capability_Type
		Resources    []*v1.Resource // total with checkpointed reservations and volumes
		Tasks        []Task         // every task that is not completed
		Executors    []Executor     // custom and default executors
		Frameworks   []*v1.FrameworkInfo
	}
	// UnregisterAgent says that the agent ends in good order.
	UnregisterAgent struct{ AgentID string }
	// StatusUpdate carries the oldest unacknowledged update of a task.
	StatusUpdate struct {
		FrameworkID string
		Status      *v1.TaskStatus // with Uuid
		LatestState v1.TaskState   // the task's newest state on the agent
	}
	// OperationUpdate carries the status of an offer operation.
	OperationUpdate struct {
		FrameworkID   string // empty: an operator asked for the operation
		OperationUUID []byte // that of ApplyOperation
		Status        *v1.OperationStatus
		Latest        *v1.OperationStatus
	}
	// ExecutorExited says that a custom or default executor has ended.
	ExecutorExited struct {
		FrameworkID, ExecutorID string
		Status                  int // raw wait status, -1 unknown
	}
	// ExecutorMessage carries data of an executor to its framework.
	ExecutorMessage struct {
		FrameworkID, ExecutorID string
		Data                    []byte
	}
	// Pong answers Ping.
	Pong struct{ Seq uint64 }
)

// Messages of a master to an agent.
type (
	// Registered gives the agent its id.
	Registered struct {
		AgentID string
		Again   bool // the agent was known
	}
	// Run launches one task, or with Group set the tasks of a task group.
	Run struct {
		Framework *v1.FrameworkInfo // with Id
		Tasks     []*v1.TaskInfo    // one, or the members of the group
		Executor  *v1.ExecutorInfo  // nil for a command task
		Group     bool
	}
	// Kill asks for the end of a task.
	Kill struct {
		FrameworkID, TaskID string
		Policy              *v1.KillPolicy
	}
	// Acknowledge confirms the update with this uuid.
	Acknowledge struct {
		FrameworkID, TaskID string
		UUID                []byte
	}
	// AcknowledgeOperation confirms an operation's update.
	AcknowledgeOperation struct {
		FrameworkID, OperationID string // may both be empty
		OperationUUID            []byte
		UUID                     []byte // of the status
	}
	// ApplyOperation changes the agent's checkpointed resources.
	ApplyOperation struct {
		FrameworkID string
		Operation   *v1.Offer_Operation
		UUID        []byte
	}
	// ShutdownFramework ends every executor of a framework.
	ShutdownFramework struct{ FrameworkID string }
	// ShutdownExecutor ends one executor.
	ShutdownExecutor struct{ FrameworkID, ExecutorID string }
	// SchedulerMessage carries data of a framework to its executor.
	SchedulerMessage struct {
		FrameworkID, ExecutorID string
		Data                    []byte
	}
	// UpdateFramework gives the agent a framework's new info.
	UpdateFramework struct{ Framework *v1.FrameworkInfo }
	// ReconcileTasks lists tasks that the master believes the agent to have.
	ReconcileTasks struct{ Tasks []Task }
	// Drain tells the agent to refuse and end tasks.
	Drain struct{ Config *v1.DrainConfig }
	// Ping asks for a Pong.
	Ping struct{ Seq uint64 }
	// Shutdown tells the agent to end (removed, marked gone, or refused).
	Shutdown struct{ Reason string }
)

// Task is a task as the agent reports it when it registers again.
type Task struct {
	FrameworkID string
	Info        *v1.TaskInfo
	ExecutorID  string // empty for command tasks, as in the master's state
	State       v1.TaskState
	Statuses    []*v1.TaskStatus
}

// Executor is a custom or default executor as the agent reports it.
type Executor struct {
	FrameworkID string
	Info        *v1.ExecutorInfo
}

func (*RegisterAgent) linkMessage()        {}
func (*UnregisterAgent) linkMessage()      {}
func (*StatusUpdate) linkMessage()         {}
func (*OperationUpdate) linkMessage()      {}
func (*ExecutorExited) linkMessage()       {}
func (*ExecutorMessage) linkMessage()      {}
func (*Pong) linkMessage()                 {}
func (*Registered) linkMessage()           {}
func (*Run) linkMessage()                  {}
func (*Kill) linkMessage()                 {}
func (*Acknowledge) linkMessage()          {}
func (*AcknowledgeOperation) linkMessage() {}
func (*ApplyOperation) linkMessage()       {}
func (*ShutdownFramework) linkMessage()    {}
func (*ShutdownExecutor) linkMessage()     {}
func (*SchedulerMessage) linkMessage()     {}
func (*UpdateFramework) linkMessage()      {}
func (*ReconcileTasks) linkMessage()       {}
func (*Drain) linkMessage()                {}
func (*Ping) linkMessage()                 {}
func (*Shutdown) linkMessage()             {}
