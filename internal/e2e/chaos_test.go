package e2e_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"mesosbook/cluster"
	"mesosbook/session"
)

// rounds is how often a fault is made: 4, or what MESOSBOOK_CHAOS says.
func rounds(t *testing.T) int {
	if text := os.Getenv("MESOSBOOK_CHAOS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("MESOSBOOK_CHAOS: %v", err)
		}
		return n
	}
	return 4
}

// Master and agent are killed and restarted in turn under a load of short tasks;
// in the end the session knows how every task ended.
func TestChaos(t *testing.T) { chaos(t, 1) }

// The same with three masters, of which the leading one is killed each time.
func TestChaosOfThreeMasters(t *testing.T) { chaos(t, 3) }

func chaos(t *testing.T, masters int) {
	n := rounds(t)
	p := newPair(t, cluster.Options{Masters: masters, AllocationInterval: 50 * time.Millisecond}, func(o *session.Options) {
		o.Dir = t.TempDir()
		o.BackoffMin, o.BackoffMax = 50*time.Millisecond, time.Second
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*10*time.Second+2*time.Minute)
	defer cancel()
	p.ctx = ctx
	p.subscribe()

	faults := make(chan error, 1)
	go func() { faults <- p.makeFaults(n) }()
	launched, running := 0, true
	for running {
		select {
		case err := <-faults:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		default:
			launched += p.launchSome(launched)
		}
	}
	states := map[session.TaskState]int{}
	for _, task := range p.s.Tasks() {
		if err := task.Wait(ctx); err != nil {
			t.Errorf("%v", err)
		}
		states[task.State()]++
	}
	st := p.s.Status()
	t.Logf("%d faults, %d losses, %d tasks: %v; %d updates, %d acknowledged", n, st.Losses, launched, states, st.Updates, st.Acknowledged)
	if launched < n || states[session.TaskFinished] == 0 {
		t.Errorf("only %d tasks were launched: %v", launched, states)
	}
	if len(p.s.Tasks()) < launched {
		t.Errorf("%d tasks are known, want %d", len(p.s.Tasks()), launched)
	}
}

// makeFaults kills and restarts the master and the agent in turn, each time after
// some tasks have ended.
func (p *pair) makeFaults(n int) error {
	for i := range n {
		after := p.s.Position()
		for range 5 {
			e, err := p.s.AwaitAfter(p.ctx, after, func(e session.Event) bool { return e.TaskState() == session.TaskRunning })
			if err != nil {
				return err
			}
			after = e.Seq
		}
		var err error
		if i%2 == 0 {
			err = p.cluster.RestartMaster()
		} else if err = p.cluster.KillAgent(0); err == nil {
			err = p.cluster.RestartAgent(0)
		}
		if err == nil {
			err = p.cluster.AwaitAgents(p.ctx)
		}
		if err != nil {
			return fmt.Errorf("fault %d: %w", i, err)
		}
	}
	return nil
}

// launchSome uses the next offer for up to four tasks and tells how many were taken.
func (p *pair) launchSome(base int) int {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	offers, err := p.s.WaitForOffers(ctx, 1)
	if err != nil {
		return 0
	}
	o := offers[0]
	tasks := ""
	count := min(4, int(o.CPUs*10), int(o.MemMB/32))
	for i := range count {
		if i > 0 {
			tasks += ","
		}
		tasks += fmt.Sprintf(`{"name":"c","task_id":{"value":"c%d"},"agent_id":{"value":%q},"command":{"value":"sleep 0.2"},"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}},{"name":"mem","type":"SCALAR","scalar":{"value":32}}]}`, base+i, o.AgentID)
	}
	body := fmt.Sprintf(`{"type":"ACCEPT","accept":{"offer_ids":[{"value":%q}],"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}],"filters":{"refuse_seconds":0}}}`, o.ID, tasks)
	if count == 0 {
		p.s.Decline(ctx, []session.OfferID{o.ID}, 0)
		return 0
	}
	if _, err := p.s.Launch(ctx, []byte(body)); err != nil {
		return 0
	}
	return count
}
