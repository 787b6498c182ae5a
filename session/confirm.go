package session

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Hit is a call that would end, take away or take over what this session did
// not start.
type Hit struct {
	Call   string // the type of the call, such as TEARDOWN; POST for a body without one
	Target string // what it would hit, by name: `framework "marathon" (...-0000, 12 tasks)`
	URL    string // where it would go
}

// String is one line: the call, what it hits and where.
func (h Hit) String() string {
	verb := "hits"
	if h.Call == "SUBSCRIBE" {
		verb = "takes over"
	}
	where := h.URL
	if u, err := url.Parse(h.URL); err == nil && u.Host != "" {
		where = u.Scheme + "://" + u.Host
	}
	return fmt.Sprintf("%s %s %s at %s", h.Call, verb, h.Target, where)
}

// confirm asks Options.Confirm about a request that hits something foreign.
func (s *Session) confirm(ctx context.Context, r request) error {
	if s.opt.Confirm == nil || r.auto {
		return nil
	}
	foreign := s.foreign(victims(r))
	if len(foreign) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(s.life, func() { cancel(ErrClosed) })
	defer stop()
	h := Hit{Call: gjson.GetBytes(r.body, "type").String(), Target: s.describe(ctx, foreign), URL: r.url}
	if h.Call == "" {
		h.Call = r.method
	}
	if err := s.opt.Confirm(ctx, h); err != nil {
		return s.failed(fmt.Errorf("%s: %w", r.op, err))
	}
	return nil
}

// victim is one thing that a call would hit.
type victim struct {
	noun      string // framework, task, executor, agent, role, volume, ...
	id        string
	framework FrameworkID // that a task or executor belongs to
}

// victims lists what a request would end, take away or take over; nil when it
// does nothing of the kind.
func victims(r request) []victim {
	if r.victims != nil {
		return r.victims
	}
	body := gjson.ParseBytes(r.body)
	u, err := url.Parse(r.url)
	if err == nil && isSchedulerPath(u.Path) {
		return schedulerVictims(body)
	}
	return operatorVictims(body, r.url)
}

// schedulerVictims is victims for a call of the scheduler API (scheduler.proto).
func schedulerVictims(body gjson.Result) []victim {
	framework := FrameworkID(body.Get("framework_id.value").String())
	kind := body.Get("type").String()
	if framework == "" && kind != "SUBSCRIBE" {
		return nil // the master refuses a call of nobody
	}
	switch kind {
	case "TEARDOWN":
		return []victim{{noun: "framework", id: string(framework)}}
	case "SUBSCRIBE":
		id := string(framework)
		if id == "" {
			id = body.Get("subscribe.framework_info.id.value").String()
		}
		if id == "" {
			return nil // a new framework
		}
		return []victim{{noun: "framework", id: id}}
	case "KILL":
		return []victim{{noun: "task", id: body.Get("kill.task_id.value").String(), framework: framework}}
	case "SHUTDOWN":
		return []victim{{noun: "executor", id: body.Get("shutdown.executor_id.value").String(), framework: framework}}
	case "ACCEPT":
		return operationVictims(body.Get("accept.operations"))
	}
	return nil
}

// operationVictims lists what the operations of an ACCEPT take away.
func operationVictims(operations gjson.Result) []victim {
	var all []victim
	operations.ForEach(func(_, op gjson.Result) bool {
		switch kind := op.Get("type").String(); kind {
		case "DESTROY", "DESTROY_DISK", "UNRESERVE", "SHRINK_VOLUME":
			all = append(all, named(op.Get(strings.ToLower(kind)))...)
		}
		return true
	})
	return all
}

// operatorVictims is victims for a call of the operator API of master or agent
// (master.proto, agent.proto), or for any other POST. Of a call that is not known
// to be harmless it is taken that it is not.
func operatorVictims(body gjson.Result, target string) []victim {
	kind := body.Get("type").String()
	if reads(kind) || adds(kind) {
		return nil
	}
	if kind == launchSession { // a command in somebody's task may do anything to it
		id := body.Get("launch_nested_container_session.container_id")
		for id.Get("parent").Exists() {
			id = id.Get("parent")
		}
		return []victim{{noun: "container", id: id.Get("value").String()}}
	}
	if found := named(body.Get(strings.ToLower(kind))); len(found) > 0 && kind != "" {
		return found
	}
	all := victim{noun: "the cluster"}
	if u, err := url.Parse(target); kind == "" && err == nil {
		all.id = "(" + u.Path + ")"
	}
	return []victim{all}
}

// adds tells whether a call of the operator API starts or adds something and
// takes nothing away.
func adds(kind string) bool {
	switch kind {
	case "SET_LOGGING_LEVEL", "RESERVE_RESOURCES", "CREATE_VOLUMES", "GROW_VOLUME", "STOP_MAINTENANCE", "REACTIVATE_AGENT",
		"LAUNCH_CONTAINER", "LAUNCH_NESTED_CONTAINER", "ADD_RESOURCE_PROVIDER_CONFIG", "SUBSCRIBE":
		return true
	}
	return false
}

// named lists what the member of a call names, by the most particular kind of
// thing that is there: a volume to be destroyed names its agent as well.
func named(member gjson.Result) []victim {
	for _, place := range []struct{ noun, path string }{
		{"volume", "volumes.#.disk.persistence.id"}, {"volume", "volume.disk.persistence.id"},
		{"disk", "source.disk.source.id"},
		{"reservation", "resources"},
		{"container", "container_id.value"},
		{"framework", "framework_id.value"},
		{"role", "quota_configs.#.role"}, {"role", "quota_request.role"}, {"role", "weight_infos.#.role"}, {"role", "role"},
		{"machine", "machines.#.hostname"}, {"machine", "schedule.windows.#.machine_ids.#.hostname"},
		{"resource provider", "resource_provider_id.value"}, {"resource provider", "info.name"}, {"resource provider", "name"},
		{"agent", "agent_id.value"},
	} {
		var found []victim
		for _, v := range flat(member.Get(place.path)) {
			id := v.String()
			if place.noun == "reservation" {
				id = reservation(v)
			}
			found = append(found, victim{noun: place.noun, id: id})
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// flat gives the values of nested arrays; nothing for what does not exist.
func flat(r gjson.Result) []gjson.Result {
	if !r.IsArray() {
		if r.Exists() {
			return []gjson.Result{r}
		}
		return nil
	}
	var all []gjson.Result
	for _, v := range r.Array() {
		all = append(all, flat(v)...)
	}
	return all
}

// reservation names a reserved resource: what, for whom.
func reservation(r gjson.Result) string {
	role, by := r.Get("role").String(), r.Get("reservation.principal").String()
	if list := r.Get("reservations").Array(); len(list) > 0 {
		last := list[len(list)-1]
		role, by = last.Get("role").String(), last.Get("principal").String()
	}
	text := fmt.Sprintf("of %s for role %s", r.Get("name").String(), role)
	if by != "" {
		text += " by " + by
	}
	return text
}

// describe names what is hit as a person knows it; the master is asked for the
// names of frameworks and agents.
func (s *Session) describe(ctx context.Context, all []victim) string {
	const most = 3
	var parts []string
	for _, v := range all[:min(len(all), most)] {
		parts = append(parts, s.describeOne(ctx, v))
	}
	if more := len(all) - most; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return strings.Join(parts, " and ")
}

func (s *Session) describeOne(ctx context.Context, v victim) string {
	switch {
	case v.noun == "framework":
		return s.describeFramework(ctx, v.id)
	case v.noun == "agent":
		return s.describeAgent(ctx, v.id)
	case v.framework != "":
		return fmt.Sprintf("%s %s of %s", v.noun, clip(v.id), s.describeFramework(ctx, string(v.framework)))
	}
	return strings.TrimSpace(v.noun + " " + clip(v.id))
}

func (s *Session) describeFramework(ctx context.Context, id string) string {
	f := s.lookUp(ctx, "/frameworks?framework_id="+url.QueryEscape(id), "frameworks", id)
	if !f.Exists() {
		return "framework " + clip(id)
	}
	tasks := len(f.Get("tasks").Array())
	noun := "tasks"
	if tasks == 1 {
		noun = "task"
	}
	return fmt.Sprintf("framework %q (%s, %d %s)", f.Get("name").String(), clip(id), tasks, noun)
}

func (s *Session) describeAgent(ctx context.Context, id string) string {
	a := s.lookUp(ctx, "/slaves?slave_id="+url.QueryEscape(id), "slaves", id)
	if !a.Exists() {
		return "agent " + clip(id)
	}
	return fmt.Sprintf("agent %s (%s)", a.Get("hostname").String(), clip(id))
}

// lookUp finds the entry with this id on a page of the leading master. It does
// not exist when the master does not answer in time or does not list it.
func (s *Session) lookUp(ctx context.Context, path, list, id string) (found gjson.Result) {
	a, err := s.doLeader(ctx, request{op: "get " + path, method: http.MethodGet, header: http.Header{}, auto: true}, path)
	if err != nil || !a.OK() {
		return gjson.Result{}
	}
	entries := a.Get(list).Array()
	if i := slices.IndexFunc(entries, func(v gjson.Result) bool { return v.Get("id").String() == id }); i >= 0 {
		return entries[i]
	}
	return gjson.Result{}
}
