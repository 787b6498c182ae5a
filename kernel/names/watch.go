package names

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"mesosbook/resources"
	"mesosbook/session"
)

// watchTypes are the events of the master's operator stream (master.proto, Event).
func watchTypes() []string {
	return []string{
		"SUBSCRIBED", "HEARTBEAT", "TASK_ADDED", "TASK_UPDATED", "AGENT_ADDED", "AGENT_REMOVED",
		"FRAMEWORK_ADDED", "FRAMEWORK_UPDATED", "FRAMEWORK_REMOVED",
	}
}

const watchForms = "types of the operator API's events such as \"TASK_UPDATED\", a time such as \"10s\", and a func(e Event) or func(e Event) bool"

// watchArgs is what a watch was asked for.
type watchArgs struct {
	types  []string // empty: all but SUBSCRIBED and HEARTBEAT
	within time.Duration
	f      func(session.Event) bool // false ends the watch; nil prints
}

func (w watchArgs) wants(e session.Event) bool {
	if len(w.types) == 0 {
		return e.Type != "SUBSCRIBED" && e.Type != "HEARTBEAT"
	}
	return slices.Contains(w.types, string(e.Type))
}

// watch follows the master's operator events and prints them or gives them to a
// function, for the set time-out or the one that is given.
func (s *Set) watch(args ...any) {
	const op = "watch"
	want, err := parseWatch(args)
	if err != nil {
		fail(op, err)
	}
	if want.f == nil {
		want.f = func(e session.Event) bool {
			fmt.Fprintln(s.o.Out, e.Time.Format("15:04:05"), operatorLine(e))
			return true
		}
	}
	with(s, op, want.within, func(ctx context.Context, live *session.Session) (struct{}, error) {
		var failed any // of the function: it runs below the session's frames
		open := false
		err := live.Watch(ctx, func(e session.Event) (more bool) {
			open = true
			defer func() {
				if failed = recover(); failed != nil {
					more = false
				}
			}()
			return !want.wants(e) || want.f(e)
		})
		if failed != nil {
			panic(failed)
		}
		if open && errors.Is(err, context.DeadlineExceeded) {
			err = nil // the time is over: that is the way in which a watch ends
		}
		return struct{}{}, err
	})
}

func parseWatch(args []any) (watchArgs, error) {
	var want watchArgs
	for _, arg := range args {
		if d, err := duration(arg); err == nil {
			want.within = d
			continue
		}
		if f, ok := watcher(arg); ok {
			want.f = f
			continue
		}
		name, ok := text(arg)
		if !ok {
			return want, unknown(arg, watchForms)
		}
		upper := strings.ToUpper(name)
		if !slices.Contains(watchTypes(), upper) {
			if near, ok := resources.Nearest(upper, watchTypes()); ok {
				return want, fmt.Errorf("there is no operator event %q; did you mean %q?", name, near)
			}
			return want, fmt.Errorf("there is no operator event %q; there are %s", name, strings.Join(watchTypes(), ", "))
		}
		want.types = append(want.types, upper)
	}
	return want, nil
}

// watcher gives a function of an event, with or without a result.
func watcher(v any) (func(session.Event) bool, bool) {
	if f, ok := predicate(v); ok {
		return f, true
	}
	r := reflect.ValueOf(v)
	plain := reflect.TypeFor[func(session.Event)]()
	if !r.IsValid() || r.Kind() != reflect.Func || r.IsNil() || !r.Type().ConvertibleTo(plain) {
		return nil, false
	}
	f := r.Convert(plain).Interface().(func(session.Event))
	return func(e session.Event) bool { f(e); return true }, true
}

// operatorLine is an event of the operator stream in one line.
func operatorLine(e session.Event) string {
	body := e.Get(strings.ToLower(string(e.Type)))
	get := func(path string) string { return body.Get(path).String() }
	var parts []string
	switch e.Type {
	case "SUBSCRIBED":
		state := body.Get("get_state")
		parts = []string{fmt.Sprintf("agents %d, frameworks %d, tasks %d", count(state, "get_agents.agents"), count(state, "get_frameworks.frameworks"), count(state, "get_tasks.tasks"))}
	case "TASK_ADDED":
		parts = []string{get("task.task_id.value"), get("task.name"), get("task.state"), "on", get("task.agent_id.value")}
	case "TASK_UPDATED":
		parts = []string{get("status.task_id.value"), get("status.state"), get("status.message")}
	case "AGENT_ADDED":
		parts = []string{get("agent.agent_info.id.value"), get("agent.agent_info.hostname")}
	case "AGENT_REMOVED":
		parts = []string{get("agent_id.value")}
	case "FRAMEWORK_ADDED", "FRAMEWORK_UPDATED":
		parts = []string{get("framework.framework_info.id.value"), get("framework.framework_info.name")}
	case "FRAMEWORK_REMOVED":
		parts = []string{get("framework_info.id.value"), get("framework_info.name")}
	case "HEARTBEAT":
	default:
		return e.String()
	}
	return strings.Join(append([]string{string(e.Type)}, slices.DeleteFunc(parts, func(p string) bool { return p == "" })...), " ")
}

func count(r gjson.Result, path string) int { return len(r.Get(path).Array()) }

// acknowledge acknowledges an UPDATE or UPDATE_OPERATION_STATUS event by hand,
// for a session with --ack manual.
func (s *Set) acknowledge(update session.Event) session.Answer {
	return s.accepted("acknowledge", func(ctx context.Context, live *session.Session) (session.Answer, error) {
		switch update.Type {
		case session.EventUpdate:
			return live.Acknowledge(ctx, update)
		case session.EventUpdateOperationStatus:
			return live.AcknowledgeOperationStatus(ctx, update)
		}
		return session.Answer{}, fmt.Errorf("the event is a %s; UPDATE and UPDATE_OPERATION_STATUS are acknowledged", cmp.Or(string(update.Type), "zero Event"))
	})
}
