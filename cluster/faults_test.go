package cluster

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const checkpointing = `{"user":"root","name":"test","checkpoint":true,"failover_timeout":60,"capabilities":[{"type":"PARTITION_AWARE"}]}`

// quick makes the master notice the loss of an agent after 1.2 s.
func quick() Options {
	return Options{AgentPingTimeout: 400 * time.Millisecond, MaxAgentPingTimeouts: 3, AllocationInterval: 20 * time.Millisecond, UpdateRetryMin: 20 * time.Millisecond}
}

func TestAgentKilledAndBack(t *testing.T) {
	c := start(t, quick())
	s := subscribe(t, c, checkpointing)
	s.launch(map[string]string{"x": "echo $$ > pid; exec sleep 1000"})
	s.state("x", "TASK_RUNNING")
	pid := taskPID(t, c.WorkDir())
	if err := c.KillAgent(0); err != nil {
		t.Fatal(err)
	}
	e := s.wait("UPDATE")
	if get(e, "update", "status", "state") != "TASK_UNREACHABLE" || get(e, "update", "status", "message") != "health check timed out" {
		t.Errorf("after the kill: %v", e)
	}
	s.wait("FAILURE")
	if !alive(pid) {
		t.Error("the task of a checkpointing framework died with the agent")
	}
	if err := c.RestartAgent(0); err != nil {
		t.Fatal(err)
	}
	e = s.wait("UPDATE")
	if get(e, "update", "status", "state") != "TASK_RUNNING" || get(e, "update", "status", "reason") != "REASON_AGENT_REREGISTERED" {
		t.Errorf("after the return: %v", e)
	}
	s.call(`"type":"KILL","kill":{"task_id":{"value":"x"}}`)
	if got := s.state("x", "TASK_KILLED"); got != "Command terminated with signal Terminated" {
		t.Errorf("message %q", got)
	}
}

func TestAgentKilledTakesTasksWithoutCheckpoint(t *testing.T) {
	c := start(t, quick())
	s := subscribe(t, c, plain)
	s.launch(map[string]string{"x": "echo $$ > pid; exec sleep 1000"})
	s.state("x", "TASK_RUNNING")
	pid := taskPID(t, c.WorkDir())
	if err := c.KillAgent(0); err != nil {
		t.Fatal(err)
	}
	e := s.wait("UPDATE")
	if get(e, "update", "status", "state") != "TASK_LOST" {
		t.Errorf("after the kill: %v", e)
	}
	eventually(t, "end of the task", func() bool { return !alive(pid) })
}

func TestAgentLeavesAndANewOneComes(t *testing.T) {
	c := start(t, quick())
	s := subscribe(t, c, checkpointing)
	s.launch(map[string]string{"x": "echo $$ > pid; exec sleep 1000"})
	s.state("x", "TASK_RUNNING")
	pid := taskPID(t, c.WorkDir())
	if err := c.StopAgent(0); err != nil {
		t.Fatal(err)
	}
	e := s.wait("UPDATE")
	if get(e, "update", "status", "state") != "TASK_LOST" || !strings.HasSuffix(get(e, "update", "status", "message"), "removed: the agent unregistered") {
		t.Errorf("after the agent left: %v", e)
	}
	s.wait("FAILURE") // what there was of offers is rescinded by now
	if alive(pid) {
		t.Error("the task lives on after StopAgent")
	}
	if err := c.RestartAgent(0); err != nil {
		t.Fatal(err)
	}
	s.launch(map[string]string{"y": "exit 0"})
	s.state("y", "TASK_FINISHED")
}

func TestMasterKilledAndBack(t *testing.T) {
	c := start(t, quick())
	s := subscribe(t, c, checkpointing)
	s.launch(map[string]string{"x": "echo $$ > pid; exec sleep 1000"})
	s.state("x", "TASK_RUNNING")
	if err := c.KillMaster(); err != nil {
		t.Fatal(err)
	}
	if err := c.KillMaster(); err == nil {
		t.Error("the master was killed twice")
	}
	if err := c.RestartMaster(); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections() // to the former master
	s.connect(checkpointing)
	eventually(t, "the task in the new master's state", func() bool {
		return strings.Contains(page(t, c.MasterURL()+"/tasks"), `"state":"TASK_RUNNING"`)
	})
	s.call(`"type":"KILL","kill":{"task_id":{"value":"x"}}`)
	s.state("x", "TASK_KILLED")
}

func TestLinkFaults(t *testing.T) {
	c := start(t, quick())
	s := subscribe(t, c, checkpointing)
	if err := c.DropUpdates(0, 2); err != nil {
		t.Fatal(err)
	}
	s.launch(map[string]string{"x": "exit 0"})
	s.state("x", "TASK_FINISHED") // the lost updates came again
	if err := c.DelayLink(0, 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	s.launch(map[string]string{"y": "sleep 1000"})
	s.state("y", "TASK_RUNNING")
	if err := c.CutLink(0); err != nil {
		t.Fatal(err)
	}
	s.state("y", "TASK_UNREACHABLE")
	if err := c.RestoreLink(0); err != nil {
		t.Fatal(err)
	}
	s.state("y", "TASK_RUNNING")
	if err := c.CutLink(7); err == nil || !strings.Contains(err.Error(), "there is no agent 7") {
		t.Errorf("got %v", err)
	}
}

func TestStreamFaults(t *testing.T) {
	c := start(t, Options{Simulate: true})
	c.HoldHeartbeats(true)
	s := subscribe(t, c, checkpointing)
	s.wait("OFFERS")
	if err := c.RescindOffers(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if e := s.wait("RESCIND"); get(e, "rescind", "offer_id", "value") == "" {
		t.Errorf("got %v", e)
	}
	s.wait("OFFERS")
	for len(s.events) > 0 {
		if e := <-s.events; e["type"] == "HEARTBEAT" {
			t.Error("a heartbeat although they are held")
		}
	}
	if err := c.CutConnections(); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	c.HoldHeartbeats(false)
	s.connect(checkpointing) // the old stream is gone, the master is there
	s.wait("HEARTBEAT")
	s.launch(map[string]string{"x": "exit 0"})
	s.state("x", "TASK_FINISHED")
}
