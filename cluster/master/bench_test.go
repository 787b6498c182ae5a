package master

import (
	"fmt"
	"testing"

	"mesosbook/cluster/link"
	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// BenchmarkTaskLife is what one task costs the master, from its ACCEPT to the
// acknowledgement of its end, after so many tasks have finished: it should not
// grow (goal: flat, as the lists of completed tasks are bounded).
func BenchmarkTaskLife(b *testing.B) {
	for _, before := range []int{0, 1000, 50000} {
		b.Run(fmt.Sprintf("after %d", before), func(b *testing.B) {
			l := newLife(b)
			for range before {
				l.task()
			}
			for b.Loop() {
				l.task()
			}
		})
	}
}

// life is a master with one agent and one framework, without HTTP.
type life struct {
	b  *testing.B
	m  *Master
	fw *framework
	ag *agent
	n  int
}

func newLife(b *testing.B) *life {
	m, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	m.mu.Lock()
	b.Cleanup(func() { m.mu.Unlock(); m.Stop() })
	_, conn := link.Pipe()
	conn.Close() // what the agent is told is dropped
	ag := m.newAgentLocked(m.newAgentIDLocked(), registration(b, 5051, machine), conn)
	ag.stopTimers()
	fw := m.newFramework(testInfo(m.newFrameworkIDLocked()))
	fw.stream, fw.connected, fw.active = newStream("", false, 1<<30), true, true
	m.frameworks[fw.id] = fw
	m.alloc.AddFramework(m.allocatorView(fw, nil), true)
	return &life{b: b, m: m, fw: fw, ag: ag}
}

func (l *life) task() {
	l.n++
	id := fmt.Sprintf("t%d", l.n)
	l.m.allocateLocked()
	offers := sortedOffers(l.fw.offers)
	if len(offers) != 1 {
		l.b.Fatalf("%d offers", len(offers))
	}
	l.m.acceptLocked(l.fw, &schedulerv1.Call_Accept{
		OfferIds: []*v1.OfferID{offerID(offers[0].id)}, Filters: &v1.Filters{RefuseSeconds: proto.Float64(0)},
		Operations: []*v1.Offer_Operation{{Type: v1.Offer_Operation_LAUNCH.Enum(), Launch: &v1.Offer_Operation_Launch{TaskInfos: []*v1.TaskInfo{{
			Name: proto.String(id), TaskId: taskID(id), AgentId: agentID(l.ag.id), Command: &v1.CommandInfo{Value: proto.String("true")},
			Resources: []*v1.Resource{{Name: proto.String("cpus"), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(0.1)}}},
		}}}}},
	})
	for _, state := range []v1.TaskState{v1.TaskState_TASK_STARTING, v1.TaskState_TASK_RUNNING, v1.TaskState_TASK_FINISHED} {
		uuid := make([]byte, 16)
		l.m.statusUpdateLocked(l.ag, &link.StatusUpdate{FrameworkID: l.fw.id, LatestState: state, Status: &v1.TaskStatus{TaskId: taskID(id), State: state.Enum(), Uuid: uuid}})
		l.m.acknowledgeLocked(l.fw, &schedulerv1.Call_Acknowledge{AgentId: agentID(l.ag.id), TaskId: taskID(id), Uuid: uuid})
	}
	l.fw.stream.take()
	if len(l.fw.tasks) != 0 {
		l.b.Fatalf("%d tasks are left", len(l.fw.tasks))
	}
}
