package names

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mesosbook/session"
)

func (s *Set) eventNames() map[string]any {
	return map[string]any{
		"events":      s.events,
		"wait_for":    s.waitFor,
		"on":          s.on,
		"acknowledge": s.acknowledge,
	}
}

// Events is a list of events, a line each.
type Events []session.Event

// String is a line for each event.
func (es Events) String() string {
	if len(es) == 0 {
		return "no events"
	}
	lines := make([]string, 0, len(es))
	for _, e := range es {
		lines = append(lines, e.String())
	}
	return strings.Join(lines, "\n")
}

// JSON is the array of the events as they were sent.
func (es Events) JSON() []byte {
	var parts [][]byte
	for _, e := range es {
		parts = append(parts, e.JSON())
	}
	return jsonArray(parts)
}

// events takes event types, task states, predicates and tasks, as eventFilter has
// them, and how many of the last ones to give.
func (s *Set) events(args ...any) Events {
	const op = "events"
	last := 0
	filter := eventFilter{}
	for _, arg := range args {
		if n, ok := number(arg); ok {
			if n < 1 {
				fail(op, fmt.Errorf("the last %d events are none; want 1 or more", n))
			}
			last = n
			continue
		}
		if err := filter.add(arg); err != nil {
			fail(op, err)
		}
	}
	found := Events(s.now(op).Events(filter.fits))
	if last > 0 && len(found) > last {
		found = found[len(found)-last:]
	}
	return found
}

// eventFilter holds what an event must fit, by what it is about: an event has one type,
// one state and one task, so of several of these it must fit one.
type eventFilter map[string][]func(session.Event) bool

// add takes one argument of events or wait_for.
func (f eventFilter) add(arg any) error {
	about, match, err := matcher(arg)
	if err != nil {
		return err
	}
	if about == "" { // a function says something of its own
		about = fmt.Sprint(len(f))
	}
	f[about] = append(f[about], match)
	return nil
}

func (f eventFilter) fits(e session.Event) bool {
	for _, matches := range f {
		if !slices.ContainsFunc(matches, func(match func(session.Event) bool) bool { return match(e) }) {
			return false
		}
	}
	return true
}

// matcher makes a filter of one argument and says what it is about; nothing for a
// function.
func matcher(arg any) (about string, match func(session.Event) bool, err error) {
	if f, ok := predicate(arg); ok {
		return "", f, nil
	}
	if t, ok := arg.(*Task); ok && t != nil {
		return "task", func(e session.Event) bool { return string(e.TaskID()) == t.ID }, nil
	}
	if name, ok := text(arg); ok {
		about = "type"
		if strings.HasPrefix(strings.ToUpper(name), "TASK_") {
			about = "state"
		}
		match, err = eventMatch(name)
		return about, match, err
	}
	return "", nil, unknown(arg, "an event type such as \"OFFERS\", a task state, a task, or a func(e Event) bool")
}

// waitFor takes what events takes, and a time-out.
func (s *Set) waitFor(args ...any) session.Event {
	const op = "wait_for"
	filter := eventFilter{}
	var wanted []string
	var within time.Duration
	for _, arg := range args {
		if d, err := duration(arg); err == nil {
			within = d
			continue
		}
		if err := filter.add(arg); err != nil {
			fail(op, err)
		}
		wanted = append(wanted, describe(arg))
	}
	return with(s, op, within, func(ctx context.Context, live *session.Session) (session.Event, error) {
		others := 0
		e, err := live.Await(ctx, func(e session.Event) bool {
			if filter.fits(e) {
				return true
			}
			others++
			return false
		})
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%s: %w; other events that came: %d", missing(wanted), context.Cause(ctx), others)
		}
		return e, err
	})
}

func missing(wanted []string) string {
	if len(wanted) == 0 {
		return "no event"
	}
	return "no event that fits " + strings.Join(wanted, ", ")
}

// describe names what a filter of events is about.
func describe(filter any) string {
	if t, ok := filter.(*Task); ok && t != nil {
		return "task " + t.ID
	}
	if name, ok := text(filter); ok {
		return strings.ToUpper(name)
	}
	return "the function"
}

// on calls f for each event of a type from now on; "*" is every event. The
// function it gives ends that.
func (s *Set) on(what string, f func(session.Event)) func() {
	const op = "on"
	if f == nil {
		fail(op, errors.New("the function is nil"))
	}
	match := func(session.Event) bool { return true }
	if what != "*" {
		var err error
		if match, err = eventMatch(what); err != nil {
			fail(op, fmt.Errorf("%w; \"*\" is every event", err))
		}
	}
	cancel := s.now(op).On(func(e session.Event) {
		if match(e) {
			s.guarded(what, e, f)
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancels = append(s.cancels, cancel)
	return cancel
}

// guarded keeps a panic of a cell's function from ending the program: it runs
// in a goroutine of the session.
func (s *Set) guarded(what string, e session.Event, f func(session.Event)) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case interface{ CellError() }:
			fmt.Fprintf(s.o.Out, "on %s: %v\n", what, p)
		default:
			fmt.Fprintf(s.o.Out, "on %s: the function panicked: %v\n", what, p)
		}
	}()
	f(e)
}
