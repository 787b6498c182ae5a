package master

import (
	"fmt"
	"math"
	"time"

	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

// Ids are those of Mesos: the master's id, then a counter (facts: master.cpp:11998 ff.).

func (m *Master) newFrameworkIDLocked() string {
	m.next.framework++
	return fmt.Sprintf("%s-%04d", m.info.GetId(), m.next.framework-1)
}

func (m *Master) newAgentIDLocked() string {
	m.next.agent++
	return fmt.Sprintf("%s-S%d", m.info.GetId(), m.next.agent-1)
}

func (m *Master) newOfferIDLocked() string {
	m.next.offer++
	return fmt.Sprintf("%s-O%d", m.info.GetId(), m.next.offer-1)
}

func frameworkID(id string) *v1.FrameworkID { return &v1.FrameworkID{Value: proto.String(id)} }
func agentID(id string) *v1.AgentID         { return &v1.AgentID{Value: proto.String(id)} }
func taskID(id string) *v1.TaskID           { return &v1.TaskID{Value: proto.String(id)} }
func executorID(id string) *v1.ExecutorID   { return &v1.ExecutorID{Value: proto.String(id)} }
func offerID(id string) *v1.OfferID         { return &v1.OfferID{Value: proto.String(id)} }

// seconds since 1970 as statuses and pages tell them.
// seconds since 1970; no time is 0.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixNano()) / 1e9
}

func timeInfo(t time.Time) *v1.TimeInfo {
	n := int64(0)
	if !t.IsZero() {
		n = t.UnixNano()
	}
	return &v1.TimeInfo{Nanoseconds: proto.Int64(n)}
}

// fitsDuration says whether seconds is a time that Mesos can hold in
// nanoseconds (about 292 years).
func fitsDuration(seconds float64) bool {
	return math.Abs(seconds*1e9) < math.MaxInt64
}
