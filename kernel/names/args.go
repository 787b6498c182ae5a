package names

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"mesosbook/resources"
	"mesosbook/session"
)

// what names an argument in an error text: a number 5, the text "x", a value
// of type T.
func what(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case rune:
		if v >= ' ' {
			return fmt.Sprintf("the character %q (a text stands between double quotes)", v)
		}
	case string:
		if r := []rune(v); len(r) > 40 {
			v = string(r[:40]) + "…"
		}
		return fmt.Sprintf("the text %q", v)
	}
	switch r := reflect.ValueOf(v); {
	case r.CanInt(), r.CanUint(), r.CanFloat():
		return fmt.Sprintf("the number %v", v)
	case r.Kind() == reflect.Bool:
		return fmt.Sprintf("%v", v)
	}
	return fmt.Sprintf("a %T", v)
}

// unknown is the error of an argument that a helper does not know.
func unknown(v any, forms string) error {
	return fmt.Errorf("does not know what to do with %s; it takes %s", what(v), forms)
}

// number gives an integer argument of any integer type.
func number(v any) (int, bool) {
	switch r := reflect.ValueOf(v); {
	case !r.IsValid() || r.Type() == reflect.TypeFor[time.Duration]():
		return 0, false
	case r.CanInt():
		return int(r.Int()), true
	case r.CanUint():
		return int(r.Uint()), true
	}
	return 0, false
}

// text gives an argument of any string type, such as an id.
func text(v any) (string, bool) {
	if r := reflect.ValueOf(v); r.IsValid() && r.Kind() == reflect.String {
		return r.String(), true
	}
	return "", false
}

// predicate gives an argument that is a function of an event.
func predicate(v any) (func(session.Event) bool, bool) {
	if f, ok := v.(func(session.Event) bool); ok {
		return f, f != nil
	}
	r := reflect.ValueOf(v)
	want := reflect.TypeFor[func(session.Event) bool]()
	if r.IsValid() && r.Kind() == reflect.Func && r.Type().ConvertibleTo(want) {
		return r.Convert(want).Interface().(func(session.Event) bool), true
	}
	return nil, false
}

// eventTypes and taskStates are what wait_for, events and Wait know by name.
func eventTypes() []string {
	return []string{
		string(session.EventSubscribed), string(session.EventOffers), string(session.EventInverseOffers), string(session.EventRescind),
		string(session.EventRescindInverseOffer), string(session.EventUpdate), string(session.EventUpdateOperationStatus),
		string(session.EventMessage), string(session.EventFailure), string(session.EventError), string(session.EventHeartbeat),
	}
}

func taskStates() []string {
	return []string{
		string(session.TaskStaging), string(session.TaskStarting), string(session.TaskRunning), string(session.TaskKilling),
		string(session.TaskFinished), string(session.TaskFailed), string(session.TaskKilled), string(session.TaskError), string(session.TaskLost),
		string(session.TaskDropped), string(session.TaskUnreachable), string(session.TaskGone), string(session.TaskGoneByOperator), string(session.TaskUnknown),
	}
}

// taskState reads a state's name, with or without "TASK_" and in any case.
func taskState(name string) (session.TaskState, error) {
	state := strings.ToUpper(name)
	if !strings.HasPrefix(state, "TASK_") {
		state = "TASK_" + state
	}
	if slices.Contains(taskStates(), state) {
		return session.TaskState(state), nil
	}
	if near, ok := resources.Nearest(state, taskStates()); ok {
		return "", fmt.Errorf("there is no task state %q; did you mean %q?", name, near)
	}
	return "", fmt.Errorf("there is no task state %q; there are %s", name, strings.Join(taskStates(), ", "))
}

// eventMatch makes a filter of an event type or a task state.
func eventMatch(name string) (func(session.Event) bool, error) {
	upper := strings.ToUpper(name)
	if slices.Contains(eventTypes(), upper) {
		return func(e session.Event) bool { return string(e.Type) == upper }, nil
	}
	if strings.HasPrefix(upper, "TASK_") {
		state, err := taskState(upper)
		if err != nil {
			return nil, err
		}
		return func(e session.Event) bool { return e.TaskState() == state }, nil
	}
	if near, ok := resources.Nearest(upper, append(eventTypes(), taskStates()...)); ok {
		return nil, fmt.Errorf("there is no event type %q; did you mean %q?", name, near)
	}
	return nil, fmt.Errorf("there is no event type %q; there are %s, and the task states", name, strings.Join(eventTypes(), ", "))
}

// offerIDs takes offers and their ids in any form; ok is false for what is neither.
func offerIDs(v any) (ids []session.OfferID, ok bool) {
	switch v := v.(type) {
	case session.Offer:
		return []session.OfferID{v.ID}, true
	case *session.Offer:
		if v != nil {
			return []session.OfferID{v.ID}, true
		}
	case Offers:
		return v.ids(), true
	case []session.Offer:
		return Offers(v).ids(), true
	case session.OfferID:
		return []session.OfferID{v}, true
	case []session.OfferID:
		return v, true
	}
	return nil, false
}

// one says that a helper got more of something than it can use.
func one(thing string) error { return errors.New("takes one " + thing + ", got two") }
