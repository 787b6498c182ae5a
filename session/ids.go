package session

// Identifiers as Mesos writes them; each kind is a type of its own so that one
// cannot be taken for another. All are opaque strings.
type (
	// FrameworkID names a framework: "<master UUID>-0000".
	FrameworkID string
	// StreamID is the Mesos-Stream-Id header of a subscription, a random UUID.
	StreamID string
	// AgentID names an agent: "<master UUID>-S0".
	AgentID string
	// OfferID names an offer: "<master UUID>-O0".
	OfferID string
	// TaskID is chosen by the framework and unique among its live tasks.
	TaskID string
	// ExecutorID names an executor; a command task's executor has the task's id.
	ExecutorID string
)

// TaskState is a task's state as it stands on the wire. States that this
// package does not know survive as they are.
type TaskState string

// The task states of Mesos 1.12 (mesos.proto, TaskState).
const (
	TaskStaging        TaskState = "TASK_STAGING"
	TaskStarting       TaskState = "TASK_STARTING"
	TaskRunning        TaskState = "TASK_RUNNING"
	TaskKilling        TaskState = "TASK_KILLING"
	TaskFinished       TaskState = "TASK_FINISHED"
	TaskFailed         TaskState = "TASK_FAILED"
	TaskKilled         TaskState = "TASK_KILLED"
	TaskError          TaskState = "TASK_ERROR"
	TaskLost           TaskState = "TASK_LOST"
	TaskDropped        TaskState = "TASK_DROPPED"
	TaskUnreachable    TaskState = "TASK_UNREACHABLE"
	TaskGone           TaskState = "TASK_GONE"
	TaskGoneByOperator TaskState = "TASK_GONE_BY_OPERATOR"
	TaskUnknown        TaskState = "TASK_UNKNOWN"
)

// Terminal tells whether a task in this state has ended for good
// (common/protobuf_utils.cpp, isTerminalState).
func (s TaskState) Terminal() bool {
	switch s {
	case TaskFinished, TaskFailed, TaskKilled, TaskError, TaskLost, TaskDropped, TaskGone, TaskGoneByOperator:
		return true
	}
	return false
}
