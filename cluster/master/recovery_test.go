package master

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/cluster/registry"
	"mesosbook/cluster/resources"
	"mesosbook/internal/simtime"
	v1 "mesosbook/mesos/v1"

	"github.com/tidwall/gjson"
)

// restarted runs before with a master, and after with another on the same registry.
func restarted(t *testing.T, o Options, before, after func(r *rig)) {
	t.Helper()
	simtime.Test(t, func(t *testing.T) {
		o.Registry = registry.Open(filepath.Join(t.TempDir(), "registry.json"))
		for _, f := range []func(*rig){before, after} {
			r, stop := newRig(t, o)
			func() {
				defer stop()
				f(r)
			}()
		}
	})
}

// change posts an operator's calls that must succeed.
func (r *rig) change(bodies ...string) {
	r.t.Helper()
	for _, body := range bodies {
		if got := r.operator(body); got.status != 200 {
			r.t.Fatalf("%s: %d %s", body, got.status, got.body)
		}
	}
}

func TestClusterSettingsSurvive(t *testing.T) {
	read := func(r *rig) []string {
		var out []string
		for _, path := range []string{"/quota", "/weights", "/maintenance/schedule", "/maintenance/status"} {
			out = append(out, r.get(path))
		}
		return out
	}
	var before []string
	restarted(t, Options{Weights: map[string]float64{"ops": 3}}, func(r *rig) {
		r.change(
			`{"type":"UPDATE_QUOTA","update_quota":{"force":true,"quota_configs":[{"role":"web","guarantees":{"cpus":{"value":0.5}},"limits":{"cpus":{"value":1}}}]}}`,
			`{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{"weight":2,"role":"web"}]}}`,
			`{"type":"UPDATE_MAINTENANCE_SCHEDULE","update_maintenance_schedule":{"schedule":{"windows":[{"machine_ids":[{"hostname":"a"},{"hostname":"b","ip":"10.0.0.2"}],"unavailability":{"start":{"nanoseconds":1}}}]}}}`,
			`{"type":"START_MAINTENANCE","start_maintenance":{"machines":[{"hostname":"a"}]}}`,
		)
		before = read(r)
		if !strings.Contains(before[3], `"down_machines":[{"hostname":"a"}]`) {
			t.Fatalf("status %s", before[3])
		}
	}, func(r *rig) {
		if after := read(r); !slices.Equal(before, after) {
			t.Errorf("was\n%v\nis\n%v", before, after)
		}
		if got := r.operator(`{"type":"STOP_MAINTENANCE","stop_maintenance":{"machines":[{"hostname":"a"}]}}`); got.status != 200 {
			t.Errorf("machine up: %d %s", got.status, got.body)
		}
	})
}

// An agent that was registered is recovered: nobody is told anything of its tasks
// before it is back, and then they are as they were.
func TestAgentsAreRecovered(t *testing.T) {
	var id string
	var a, b *sub
	restarted(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		id = ag.id
		a, b = r.framework("checkpoint", true), r.framework("checkpoint", true, "capabilities", capability(aware))
	}, func(r *rig) {
		for path, want := range map[string]string{
			"/slaves": `{"slaves":[],"recovered_slaves":[{"id":"` + id + `","hostname":"127.0.0.1","port":5051,"attributes":{"rack":"r2d2","pod":"demo,dev"}}]}`,
		} {
			if got := r.get(path); got != want {
				t.Errorf("%s: %s", path, got)
			}
		}
		if got := gjson.Get(r.get("/state"), "recovered_slaves.0.id").Str; got != id {
			t.Errorf("/state: recovered %q", got)
		}
		agents := gjson.Get(r.operator(`{"type":"GET_AGENTS"}`).body, "get_agents.recovered_agents")
		if agents.Get("#").Int() != 1 || agents.Get("0.id.value").Str != id || agents.Get("0.hostname").Str != "127.0.0.1" {
			t.Errorf("GET_AGENTS: %s", agents)
		}

		a.r, b.r = r, r
		a, b = a.again(), b.again("capabilities", capability(aware))
		a.pending()
		b.pending()
		a.must("RECONCILE", `{"tasks":[{"task_id":{"value":"ta"},"agent_id":{"value":"`+id+`"}},{"task_id":{"value":"tx"}}]}`)
		if got := a.pending(); len(got) > 0 {
			t.Errorf("told before the agent is back: %v", got)
		}
		b.must("RECONCILE", `{"tasks":[{"task_id":{"value":"tx"},"agent_id":{"value":"nobody"}}]}`)
		if got := b.status(); got.Get("state").Str != "TASK_UNKNOWN" {
			t.Errorf("task of an agent that nobody knows: %s", got)
		}
		op := `{"operations":[{"operation_id":{"value":"o"},"agent_id":{"value":"` + id + `"}}]}`
		b.must("RECONCILE_OPERATIONS", op)
		if got := gjson.Get(b.wait("UPDATE_OPERATION_STATUS"), "update_operation_status.status"); got.Get("state").Str != "OPERATION_RECOVERING" ||
			got.Get("message").Str != "Reconciliation: Agent is recovered but has not re-registered" {
			t.Errorf("operation: %s", got)
		}

		back := r.register(returning(t, id, a, "ta", b, "tb"))
		if back.id != id {
			t.Errorf("came back as %s", back.id)
		}
		if got := a.pending(); slices.Contains(got, "UPDATE") {
			t.Errorf("told of a task that was never away: %v", got)
		}
		a.must("RECONCILE", `{"tasks":[{"task_id":{"value":"ta"},"agent_id":{"value":"`+id+`"}},{"task_id":{"value":"tx"}}]}`)
		if got := a.status(); got.Get("state").Str != "TASK_RUNNING" {
			t.Errorf("ta is %s", got)
		}
		if got := a.status(); got.Get("state").Str != "TASK_LOST" || got.Get("message").Str != "Reconciliation: Task is unknown" {
			t.Errorf("tx is %s", got)
		}
		a.must("KILL", `{"task_id":{"value":"ta"}}`)
		if got := told[*link.Kill](back); got.TaskID != "ta" {
			t.Errorf("killed %v", got)
		}
		if got := gjson.Get(r.get("/slaves"), "recovered_slaves.#").Int(); got != 0 {
			t.Errorf("%d recovered agents are left", got)
		}
	})
}

// Agents that do not come back in time are unreachable, and that survives too.
func TestRecoveredAgentsTimeOut(t *testing.T) {
	var id string
	var s *sub
	file := filepath.Join(t.TempDir(), "registry.json")
	simtime.Test(t, func(t *testing.T) {
		o := Options{Registry: registry.Open(file), AgentReregisterTimeout: time.Minute}
		run := func(f func(*rig)) {
			r, stop := newRig(t, o)
			defer stop()
			f(r)
		}
		run(func(r *rig) {
			id = r.agent(5051, machine).id
			s = r.framework("capabilities", capability(aware))
		})
		ask := `{"tasks":[{"task_id":{"value":"t"},"agent_id":{"value":"` + id + `"}}]}`
		unreachable := func() {
			t.Helper()
			s.must("RECONCILE", ask)
			if got := s.status(); got.Get("state").Str != "TASK_UNREACHABLE" || !got.Get("unreachable_time").Exists() {
				t.Errorf("task of the agent: %s", got)
			}
		}
		run(func(r *rig) {
			s.r = r
			s = s.again("capabilities", capability(aware))
			began := time.Now()
			if got := gjson.Get(s.wait("FAILURE"), "failure.agent_id.value").Str; got != id || time.Since(began) != time.Minute {
				t.Errorf("failure of %q after %s", got, time.Since(began))
			}
			unreachable()
			m := gjson.Parse(r.get("/metrics/snapshot"))
			for name, want := range map[string]float64{"master/recovery_slave_removals": 1, "master/slave_removals": 1, "master/slaves_unreachable": 1, "master/elected": 1} {
				if got := m.Get(strings.ReplaceAll(name, ".", `\.`)).Num; got != want {
					t.Errorf("%s is %v, want %v", name, got, want)
				}
			}
		})
		run(func(r *rig) {
			s.r = r
			s = s.again("capabilities", capability(aware))
			unreachable()
			r.change(`{"type":"MARK_AGENT_GONE","mark_agent_gone":{"agent_id":{"value":"` + id + `"}}}`)
		})
		run(func(r *rig) {
			s.r = r
			s = s.again("capabilities", capability(aware))
			s.must("RECONCILE", ask)
			if got := s.status(); got.Get("state").Str != "TASK_GONE_BY_OPERATOR" {
				t.Errorf("task of an agent that is gone: %s", got)
			}
		})
	})
}

func TestDrainSurvives(t *testing.T) {
	var id string
	restarted(t, Options{}, func(r *rig) {
		id = r.agent(5051, machine).id
		r.change(`{"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":"` + id + `"}}}`)
	}, func(r *rig) {
		reg := registration(t, 5051, machine)
		reg.Info.Id = agentID(id)
		back := r.register(reg)
		told[*link.Drain](back)
		page := gjson.Get(r.get("/slaves"), "slaves.0")
		if page.Get("deactivated").Raw != "true" || page.Get("drain_info.state").Str != "DRAINED" {
			t.Errorf("after the restart: %s", page)
		}
		s := r.framework()
		time.Sleep(3 * time.Second)
		if got := s.pending(); slices.Contains(got, "OFFERS") {
			t.Errorf("offered: %v", got)
		}
		r.change(`{"type":"REACTIVATE_AGENT","reactivate_agent":{"agent_id":{"value":"` + id + `"}}}`)
		s.wait("OFFERS")
	})
}

// A quota is not served from a part of the agents: 4 of 5 have to be back.
func TestQuotaWaitsForAgents(t *testing.T) {
	var ids []string
	restarted(t, Options{}, func(r *rig) {
		for i := range 5 {
			ids = append(ids, r.agent(5051+i, machine).id)
		}
		r.change(`{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[{"role":"web","guarantees":{"cpus":{"value":1}}}]}}`)
	}, func(r *rig) {
		s := r.framework("role", "web")
		for i, id := range ids[:4] {
			time.Sleep(3 * time.Second)
			if got := s.pending(); slices.Contains(got, "OFFERS") {
				t.Fatalf("offered with %d agents", i)
			}
			reg := registration(t, 5051+i, machine)
			reg.Info.Id = agentID(id)
			r.register(reg)
		}
		s.wait("OFFERS")
	})
}

func TestDownMachinesAgentIsRefused(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.change(`{"type":"UPDATE_MAINTENANCE_SCHEDULE","update_maintenance_schedule":{"schedule":{"windows":[{"machine_ids":[{"hostname":"127.0.0.1","ip":"127.0.0.1"}],"unavailability":{"start":{"nanoseconds":1}}}]}}}`,
			`{"type":"START_MAINTENANCE","start_maintenance":{"machines":[{"hostname":"127.0.0.1","ip":"127.0.0.1"}]}}`)
		mine, theirs := link.Pipe()
		r.m.Connect(theirs)
		_ = mine.Send(registration(t, 5051, machine))
		got, err := mine.Receive(context.Background())
		if end, is := got.(*link.Shutdown); err != nil || !is || end.Reason != "Machine is `DOWN`" {
			t.Errorf("got %v, %v", got, err)
		}
		mine.Close()
	})
}

// A master that is elected and has not read the registry yet answers calls with 503.
func TestRecoveringLeader(t *testing.T) {
	leads := false
	bubble(t, Options{Leader: func() (string, bool, bool) { return "other:5050", leads, true }}, func(r *rig) {
		if got := gjson.Get(r.get("/metrics/snapshot"), `master/elected`).Num; got != 0 {
			t.Errorf("elected is %v", got)
		}
		leads = true
		for _, path := range []string{"/api/v1/scheduler", "/api/v1"} {
			if got := r.do("POST", path, subscribeBody, jsonType); got.status != 503 || got.body != "Master has not finished recovery" {
				t.Errorf("%s: %d %q", path, got.status, got.body)
			}
		}
		if err := r.m.Lead(); err != nil {
			t.Fatal(err)
		}
		r.framework()
	})
}

func TestUnreadableRegistry(t *testing.T) {
	file := filepath.Join(t.TempDir(), "registry.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := New(Options{Registry: registry.Open(file)})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Stop()
	if err := m.Start(context.Background()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
	if m.ready.Load() {
		t.Error("it leads without having read the registry")
	}
}

// While the disk refuses, an operator's change waits; it is answered when it is stored.
func TestChangesWaitForTheDisk(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "later")
		r, stop := newRig(t, Options{Registry: registry.Open(filepath.Join(dir, "registry.json"))})
		defer stop()
		answered := make(chan answerText)
		go func() {
			answered <- r.operator(`{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[{"weight":2,"role":"web"}]}}`)
		}()
		select {
		case a := <-answered:
			t.Fatalf("answered without a disk: %v", a)
		case <-time.After(time.Hour):
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if a := <-answered; a.status != 200 {
			t.Errorf("got %d %s", a.status, a.body)
		}
	})
}

// A registry that a master with more capabilities has written is not read.
func TestCapabilitiesOfTheRegistry(t *testing.T) {
	m, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.locked(func() { m.quotas["web"] = quotaConfig{limits: resources.Quantities{"cpus": 1000}} })
	r := m.registryLocked()
	if got := m.missingCapabilities(r); len(got) > 0 || r.GetMinimumCapabilities()[0].GetCapability() != v1.MasterInfo_Capability_QUOTA_V2.String() {
		t.Errorf("its own: %v of %v", got, r.GetMinimumCapabilities())
	}
	other := "TIME_TRAVEL"
	r.MinimumCapabilities[0].Capability = &other
	if got := m.missingCapabilities(r); !slices.Equal(got, []string{other}) {
		t.Errorf("missing: %v", got)
	}
}
