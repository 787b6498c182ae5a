package master

import (
	"testing"
	"time"

	"mesosbook/internal/simtime"
	v1 "mesosbook/mesos/v1"
)

// The agent leaves in good order, with an offer out and a task of each of two
// frameworks.
func TestAgentUnregistersRecording(t *testing.T) {
	playRecording(t, "agent_unregisters", Options{}, true, 5151)
}

// The agent is killed, is given up after two seconds without an answer, and comes back.
func TestAgentKilledAndBackRecording(t *testing.T) {
	playRecording(t, "agent_killed_and_back", Options{AgentPingTimeout: time.Second, MaxAgentPingTimeouts: 2}, true, 5151)
}

func TestAuthenticationRecording(t *testing.T) {
	playRecording(t, "authentication", Options{Credentials: map[string]string{"alice": "secret", "bob": "secret2"}}, false)
}

func TestOfferTimeoutAndMaintenanceRecording(t *testing.T) {
	playRecording(t, "offer_timeout_and_maintenance", Options{OfferTimeout: 2 * time.Second}, true, 5151)
}

// One OFFERS event with an offer of each agent, a task over both refused, and a
// task on each.
func TestTwoAgentsRecording(t *testing.T) {
	playRecording(t, "two_agents", Options{}, false, 5151, 5152)
}

// A master without a registry comes back, and the framework, but not its agent.
func TestMasterKilledAndBackRecording(t *testing.T) {
	playRecording(t, "master_killed_and_back", Options{}, true, 5151)
}

// What the recording of the killed master ends before: its agent comes back too.
func TestUnknownAgentReturns(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		r, stop := newRig(t, Options{})
		ag := r.agent(5051, machine)
		s := r.framework("failover_timeout", 60, "checkpoint", true)
		s.launch(s.offer(), 0.5, taskJSON("ta", ag.id))
		ag.update(s.id, "ta", v1.TaskState_TASK_RUNNING)
		s.status()
		stop()

		r, stop = newRig(t, Options{})
		defer stop()
		s.r = r
		b := s.again("failover_timeout", 60, "checkpoint", true)
		back := returning(t, ag.id, b, "ta", b, "tb")
		back.Tasks = back.Tasks[:1]
		r.register(back)
		if got := b.status(); got.Get("state").Str != "TASK_RUNNING" || got.Get("message").Str != "Unknown agent reregistered" || got.Get("reason").Str != "REASON_AGENT_REREGISTERED" {
			t.Errorf("the agent is back: %s", got)
		}
	})
}
