package master

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mesosbook/cluster/link"
	"mesosbook/internal/simtime"
	v1 "mesosbook/mesos/v1"

	"github.com/tidwall/gjson"
)

func TestFirstSubscription(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		s := r.framework()
		if s.id != r.m.ID()+"-0000" || len(s.stream) != 36 {
			t.Errorf("framework id %q, stream id %q", s.id, s.stream)
		}
		if got := s.pending(); !slices.Equal(got, []string{"HEARTBEAT", "OFFERS"}) {
			t.Errorf("after SUBSCRIBED: %v", got)
		}
		if second := r.framework(); second.id != r.m.ID()+"-0001" {
			t.Errorf("second framework id %q", second.id)
		}
	})
}

func TestHeartbeatsEachFifteenSeconds(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		s := r.framework()
		s.pending()
		time.Sleep(15*time.Second - time.Nanosecond)
		if got := s.pending(); len(got) > 0 {
			t.Errorf("before 15 s: %v", got)
		}
		time.Sleep(45 * time.Second)
		if got := s.pending(); len(got) != 3 {
			t.Errorf("in the next 45 s: %v", got)
		}
	})
}

func TestRefusedSubscriptions(t *testing.T) {
	multi := []map[string]string{{"type": "MULTI_ROLE"}}
	tests := []struct {
		edits []any
		want  string
	}{
		{[]any{"role", "/a"}, "'FrameworkInfo.role' is not a valid role: Role '/a' cannot start with a slash"},
		{[]any{"roles", []string{"a"}}, "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable"},
		{[]any{"role", "a", "capabilities", multi}, "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable"},
		{[]any{"roles", []string{"b", "a", "b"}, "capabilities", multi}, "'FrameworkInfo.roles' contains duplicate items: { b }"},
		{[]any{"roles", []string{"a b"}, "capabilities", multi}, "'FrameworkInfo.roles' contains invalid role: Role component 'a b' is invalid because it contains backspace or whitespace"},
		{[]any{"id.value", "a/b", "^framework_id.value", "a/b"}, "'a/b' contains invalid characters"},
		{[]any{"offer_filters", map[string]any{"*": map[string]any{"min_allocatable_resources": map[string]any{"quantities": []any{map[string]any{}}}}}}, "Resource quantities must contain at least one quantity"},
		{[]any{"failover_timeout", 1e30}, "The framework failover_timeout (1e+30) is invalid"},
		{[]any{"failover_timeout", "Infinity"}, "The framework failover_timeout (inf) is invalid"},
		{[]any{"failover_timeout", "-Infinity"}, "The framework failover_timeout (-inf) is invalid"},
		{[]any{"^subscribe.suppressed_roles", []string{"x"}}, "Suppressed roles { x } are not contained in the set of roles"},
		{[]any{"^subscribe.offer_constraints.role_constraints", map[string]any{"x": map[string]any{}}}, "Offer constraints specify `role_constraints` for a role 'x'not contained in the set of roles"},
		{[]any{"^subscribe.offer_constraints.role_constraints", map[string]any{"*": map[string]any{}}}, "Offer constraints are not valid: 'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role *"},
	}
	bubble(t, Options{}, func(r *rig) {
		for _, tt := range tests {
			s := r.framework(tt.edits...)
			if got := gjson.Get(s.next(), "error.message").Str; got != tt.want {
				t.Errorf("%v:\ngot  %q\nwant %q", tt.edits, got, tt.want)
			}
			if got := s.pending(); !slices.Equal(got, []string{"END"}) {
				t.Errorf("%v: after the ERROR: %v", tt.edits, got)
			}
		}
	})
}

func TestRoleWhitelist(t *testing.T) {
	bubble(t, Options{Roles: []string{"web"}}, func(r *rig) {
		s := r.framework("role", "db")
		if got := gjson.Get(s.next(), "error.message").Str; got != "Roles { db } are not present in the master's --roles" {
			t.Error(got)
		}
		if r.framework("role", "web").id == "" {
			t.Error("a role of the list was refused")
		}
	})
}

func TestFailover(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		a := r.framework("failover_timeout", 60)
		o := a.offer()
		b := a.again("failover_timeout", 60, "user", "nobody", "name", "renamed")
		if b.id != a.id {
			t.Fatalf("got id %q, want %q", b.id, a.id)
		}
		if got := gjson.Get(a.wait("ERROR"), "error.message").Str; got != "Framework failed over" {
			t.Error(got)
		}
		if got := a.pending(); !slices.Equal(got, []string{"END"}) {
			t.Errorf("the old stream goes on with %v", got)
		}
		old := a.call("REVIVE", "")
		if old.status != http.StatusBadRequest || !strings.Contains(old.body, "didn't match the stream ID currently associated") {
			t.Errorf("old stream id: %d %s", old.status, old.body)
		}
		if got := b.pending(); !slices.Equal(got, []string{"HEARTBEAT"}) {
			t.Errorf("the new stream begins with %v", got)
		}
		b.launch(o, 0, taskJSON("t", o.Get("agent_id.value").Str))
		if got := b.status(); got.Get("reason").Str != "REASON_INVALID_OFFERS" {
			t.Errorf("an offer of the old stream: %s", got)
		}
		b.offer() // with the next periodic allocation
		page := gjson.Get(r.get("/frameworks"), "frameworks.0")
		if page.Get("name").Str != "renamed" || page.Get("user").Str != "root" || !page.Get("reregistered_time").Exists() {
			t.Errorf("after the failover: %s", page.Raw[:300])
		}
	})
}

func TestFailoverTimeout(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		a := r.framework("failover_timeout", 60)
		o := a.offer()
		a.launch(o, 0, taskJSON("t", ag.id))
		a.cancel()
		simtime.Wait()
		if got := a.call("REVIVE", ""); got.status != http.StatusForbidden || got.body != "Framework is not subscribed" {
			t.Errorf("disconnected: %d %s", got.status, got.body)
		}
		time.Sleep(59 * time.Second)
		b := a.again("failover_timeout", 60)
		b.offer() // at once
		time.Sleep(time.Hour)
		if got := gjson.Get(r.get("/frameworks"), "frameworks.0.tasks.#").Int(); got != 1 {
			t.Errorf("%d tasks an hour later", got)
		}
		b.cancel()
		time.Sleep(61 * time.Second)
		ended := gjson.Get(r.get("/frameworks"), "completed_frameworks.0")
		if ended.Get("id").Str != a.id || ended.Get("completed_tasks.0.state").Str != "TASK_KILLED" {
			t.Errorf("after the timeout: %s", ended)
		}
		if got := told[*link.ShutdownFramework](ag).FrameworkID; got != a.id {
			t.Errorf("the agent was told to shut down %q", got)
		}
		c := a.again()
		if got := gjson.Get(c.next(), "error.message").Str; got != "Framework has been removed" {
			t.Error(got)
		}
	})
}

func TestTeardown(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		ag := r.agent(5051, machine)
		s := r.framework()
		s.launch(s.offer(), 0, taskJSON("t", ag.id))
		ag.update(s.id, "t", v1.TaskState_TASK_RUNNING)
		s.status()
		s.pending()
		s.must("TEARDOWN", "")
		if got := s.pending(); !slices.Equal(got, []string{"END"}) {
			t.Errorf("the stream goes on with %v", got)
		}
		if got := s.call("REVIVE", ""); got.status != http.StatusBadRequest || got.body != "Framework cannot be found" {
			t.Errorf("afterwards: %d %s", got.status, got.body)
		}
		if got := gjson.Get(r.get("/tasks"), "tasks.0.state").Str; got != "TASK_KILLED" {
			t.Errorf("the task is %s", got)
		}
		next := r.framework()
		if got := next.offer().Get(`resources.#(name=="cpus").scalar.value`).Num; got != 2 {
			t.Errorf("%v cpus came back, want 2", got)
		}
	})
}

func TestForeignIDIsTaken(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		id := "11111111-2222-3333-4444-555555555555-0042"
		if s := r.framework("id.value", id, "^framework_id.value", id); s.id != id {
			t.Errorf("got %q", s.id)
		}
	})
}

func TestUpdateFramework(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		s := r.framework()
		update := func(rest string) answerText {
			return s.call("UPDATE_FRAMEWORK", `{"framework_info":{"id":{"value":"`+s.id+`"},`+rest+`}}`)
		}
		tests := []struct {
			info   string
			status int
			text   string
		}{
			{`"user":"root","name":"u2"`, 200, ""},
			{`"user":"nobody","name":"u"`, 400, "FrameworkInfo update is not valid: Updating 'FrameworkInfo.user' is unsupported; attempted to update from 'root' to 'nobody'"},
			{`"user":"root","name":"u","checkpoint":true`, 400, "FrameworkInfo update is not valid: Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from 'false' to 'true'"},
			{`"user":"root","name":"u","principal":"p"`, 400, "FrameworkInfo update is not valid: Changing framework's principal is not allowed."},
			{`"user":"root","name":"u","principal":""`, 400, "FrameworkInfo update is not valid: Changing framework's principal is not allowed."},
			{`"user":"root","name":"u","failover_timeout":1e10`, 400, "Supplied FrameworkInfo is not valid: The framework failover_timeout (1e+10) is invalid"},
			{`"user":"root","name":"u","role":"a//b"`, 400, "Supplied FrameworkInfo is not valid: 'FrameworkInfo.role' is not a valid role: Role 'a//b' cannot contain two adjacent slashes"},
		}
		for _, tt := range tests {
			if got := update(tt.info); got.status != tt.status || got.body != tt.text {
				t.Errorf("%s: %d %q", tt.info, got.status, got.body)
			}
		}
		if got := gjson.Get(r.get("/frameworks"), "frameworks.0.name").Str; got != "u2" {
			t.Errorf("name %q", got)
		}
	})
}

// TestUnknownFrameworkID takes a framework of another master in: known first, then
// subscribed.
func TestUnknownFrameworkID(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		w := r.open("/api/v1", `{"type":"SUBSCRIBE"}`)
		w.wait("SUBSCRIBED")
		s := r.framework("id.value", "elsewhere-0007", "^framework_id.value", "elsewhere-0007")
		if s.id != "elsewhere-0007" {
			t.Errorf("subscribed as %q", s.id)
		}
		s.offer()
		for _, want := range []struct {
			kind      string
			recovered bool
		}{{"FRAMEWORK_ADDED", true}, {"FRAMEWORK_UPDATED", false}} {
			e := gjson.Get(w.wait(want.kind), strings.ToLower(want.kind)+".framework")
			if e.Get("recovered").Bool() != want.recovered || e.Get("active").Bool() == want.recovered || e.Get("connected").Bool() == want.recovered {
				t.Errorf("%s: %s", want.kind, e)
			}
		}
	})
}

// TestLeftRole: what was offered in a role that the framework leaves by subscribing
// anew is rescinded to the old subscription.
func TestLeftRole(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		r.agent(5051, machine)
		a := r.framework("roles", []string{"a"}, "capabilities", capability("MULTI_ROLE"))
		a.offer()
		b := a.again("roles", []string{"b"}, "capabilities", capability("MULTI_ROLE"))
		if got := a.pending(); !slices.Equal(got, []string{"RESCIND", "ERROR", "END"}) {
			t.Errorf("the old subscription got %v", got)
		}
		if got := b.offer().Get("allocation_info.role").Str; got != "b" {
			t.Errorf("offered in %q", got)
		}
	})
}

func TestSlowSubscriberIsCutOff(t *testing.T) {
	s := newStream("", false, 2)
	for range 3 {
		s.send(schedulerBeat())
	}
	if events, end := s.take(); end != streamCut || len(events) > 0 {
		t.Errorf("got %d events, end %v", len(events), end)
	}
	s.send(schedulerBeat()) // and stays so
	s.finish()
	if _, end := s.take(); end != streamCut {
		t.Errorf("end %v", end)
	}
}

// Large events count by their bytes, but for the first that waits.
func TestSubscriberFarBehindInBytesIsCutOff(t *testing.T) {
	s := newStream("", false, 100)
	s.room = 1000
	large := errorEvent(strings.Repeat("x", 900))
	for i, want := range []streamEnd{streamOpen, streamOpen, streamCut} {
		s.send(large)
		if s.end != want {
			t.Errorf("after %d events of 900 bytes: end %v, want %v", i+1, s.end, want)
		}
	}
	s = newStream("", false, 100)
	s.room = 1000
	for range 3 { // taken in time
		s.send(errorEvent(strings.Repeat("x", 2000)))
		if events, end := s.take(); end != streamOpen || len(events) != 1 {
			t.Errorf("got %d events, end %v", len(events), end)
		}
	}
}

// TestDeadSubscriber never reads: it counts as gone when one write takes too
// long, and stalls nobody.
func TestDeadSubscriber(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		conn, err := r.net.Dial(context.Background(), "tcp", "master:5050")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		body := `{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"dead","failover_timeout":3600}}}`
		fmt.Fprintf(conn, "POST /api/v1/scheduler HTTP/1.1\r\nHost: m\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		simtime.Wait()
		page := func() string { return gjson.Get(r.get("/frameworks"), "frameworks.0.connected").Raw }
		if got := page(); got != "true" {
			t.Fatalf("connected at first: %s", got)
		}
		time.Sleep(writeTimeout + time.Second)
		if got := page(); got != "false" {
			t.Errorf("connected after %s without reading: %s", writeTimeout, got)
		}
	})
}

func TestDeadSubscriberDoesNotHoldUpStop(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		conn, err := r.net.Dial(context.Background(), "tcp", "master:5050")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /api/v1 HTTP/1.1\r\nHost: m\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n%s", `{"type":"SUBSCRIBE"}`)
		simtime.Wait()
		start := time.Now()
		r.m.Stop()
		if d := time.Since(start); d > stopTimeout {
			t.Errorf("Stop took %s", d)
		}
	})
}

func TestStopEndsStreams(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		s, op := r.framework(), r.open("/api/v1", `{"type":"SUBSCRIBE"}`)
		r.agent(5051, machine)
		r.m.Stop()
		r.m.Stop()
		for _, x := range []*sub{s, op} {
			if got := x.pending(); len(got) == 0 || got[len(got)-1] != "END" {
				t.Errorf("after Stop: %v", got)
			}
		}
	})
}

func TestPrincipalMayNotChange(t *testing.T) {
	bubble(t, Options{}, func(r *rig) {
		a := r.framework("principal", "p")
		b := a.again("principal", "q")
		if got := gjson.Get(b.next(), "error.message").Str; got != "Changing framework's principal is not allowed." {
			t.Error(got)
		}
		if got := a.pending(); slices.Contains(got, "END") {
			t.Errorf("the refused subscription ended the live one: %v", got)
		}
	})
}
