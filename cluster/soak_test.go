package cluster

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var soakFor = flag.Duration("soak", 1500*time.Millisecond, "how long TestSoak makes faults")

// TestSoak makes faults at random while a framework launches tasks on three
// agents. Afterwards master and agents have to agree that every task has ended.
func TestSoak(t *testing.T) {
	o := quick()
	o.Agents = 3
	c := start(t, o)
	s := subscribe(t, c, checkpointing)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	faults := rand.New(rand.NewPCG(seed, 1))
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	end := time.After(*soakFor)
	launched := 0
	for running := true; running; {
		select {
		case e := <-s.events:
			launched += s.react(e, launched)
		case <-tick.C:
			breakSomething(t, c, faults)
		case <-end:
			running = false
		}
	}
	for i := range o.Agents {
		if err := c.RestoreLink(i); err != nil {
			t.Fatal(err)
		}
		_ = c.RestartAgent(i) // one that runs is killed first
	}
	t.Logf("%d tasks launched", launched)
	left := "not looked yet"
	for deadline := time.Now().Add(30 * time.Second); left != ""; left = leftovers(t, c) {
		if time.Now().After(deadline) {
			t.Fatalf("seed %d: not ended after 30s: %s", seed, left)
		}
		s.settle(100 * time.Millisecond)
	}
}

// settle acknowledges what comes until nothing has come for quiet, or for a second.
func (s *scheduler) settle(quiet time.Duration) {
	enough := time.After(time.Second)
	for {
		select {
		case e := <-s.events:
			s.react(e, -1)
		case <-time.After(quiet):
			return
		case <-enough:
			return
		}
	}
}

// react acknowledges updates, and uses offers for one task each until n is
// negative. It says how many tasks it launched.
func (s *scheduler) react(e map[string]any, n int) (launched int) {
	if uuid := get(e, "update", "status", "uuid"); uuid != "" {
		s.call(`"type":"ACKNOWLEDGE","acknowledge":{"agent_id":{"value":%q},"task_id":{"value":%q},"uuid":%q}`,
			get(e, "update", "status", "agent_id", "value"), get(e, "update", "status", "task_id", "value"), uuid)
	}
	if e["type"] != "OFFERS" || n < 0 {
		return 0
	}
	for _, offer := range e["offers"].(map[string]any)["offers"].([]any) {
		id := fmt.Sprintf("t%d", n+launched)
		s.call(`"type":"ACCEPT","accept":{"offer_ids":[{"value":%q}],"filters":{"refuse_seconds":0.01},"operations":[{"type":"LAUNCH","launch":{"task_infos":[
			{"name":%q,"task_id":{"value":%q},"agent_id":{"value":%q},"command":{"value":"sleep 0.0%d; exit %d"},"resources":[
			{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}},{"name":"mem","type":"SCALAR","scalar":{"value":32}}]}]}}]}`,
			get(offer, "id", "value"), id, id, get(offer, "agent_id", "value"), n%10, n%2)
		launched++
	}
	return launched
}

// breakSomething makes one fault, or mends one. What is refused, such as killing
// an agent twice, is no matter.
func breakSomething(t *testing.T, c *Cluster, r *rand.Rand) {
	i := r.IntN(len(c.AgentURLs()))
	switch r.IntN(7) {
	case 0:
		_ = c.KillAgent(i)
	case 1:
		_ = c.RestartAgent(i)
	case 2:
		_ = c.CutLink(i)
	case 3:
		_ = c.RestoreLink(i)
	case 4:
		_ = c.DropUpdates(i, 3)
	case 5:
		_ = c.DelayLink(i, time.Duration(r.IntN(10))*time.Millisecond)
	case 6:
		_ = c.RestoreLink(i)
		_ = c.RestartAgent(i)
	}
}

// leftovers tells of tasks that have not ended, by the master or by an agent. A
// launch that was lost on a cut link stays among the master's unreachable tasks,
// as in Mesos.
func leftovers(t *testing.T, c *Cluster) string {
	t.Helper()
	var m struct {
		Slaves     []any
		Frameworks []struct {
			Tasks []struct{ ID, State string }
		}
	}
	if err := json.Unmarshal([]byte(page(t, c.MasterURL()+"/state")), &m); err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Frameworks {
		for _, task := range f.Tasks {
			return fmt.Sprintf("the master has task %s in state %s", task.ID, task.State)
		}
	}
	if want := len(c.AgentURLs()); len(m.Slaves) != want {
		return fmt.Sprintf("the master has %d agents, not %d", len(m.Slaves), want)
	}
	for _, url := range c.AgentURLs() {
		var a struct {
			Frameworks []struct {
				Executors []struct {
					ID                  string
					Tasks, Queued_tasks []any
				}
			}
		}
		if err := json.Unmarshal([]byte(page(t, url+"/state")), &a); err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Frameworks {
			for _, ex := range f.Executors {
				if len(ex.Tasks)+len(ex.Queued_tasks) > 0 {
					return fmt.Sprintf("agent %s still runs %s", url, ex.ID)
				}
			}
		}
	}
	return ""
}
