package agent

import v1 "mesosbook/mesos/v1"

// counters are the numbers of /metrics/snapshot that only grow. Agent.mu guards
// them.
type counters struct {
	validUpdates, invalidUpdates   int
	validMessages, invalidMessages int
	launchErrors                   int
	fetched, fetchesFailed         int
	finished, failed, killed       int
	lost, gone                     int
}

// ended counts a task that has reached its end.
func (c *counters) ended(s v1.TaskState) {
	switch s {
	case v1.TaskState_TASK_FINISHED:
		c.finished++
	case v1.TaskState_TASK_FAILED:
		c.failed++
	case v1.TaskState_TASK_KILLED:
		c.killed++
	case v1.TaskState_TASK_LOST, v1.TaskState_TASK_DROPPED:
		c.lost++
	case v1.TaskState_TASK_GONE, v1.TaskState_TASK_GONE_BY_OPERATOR:
		c.gone++
	}
}
