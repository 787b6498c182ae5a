// Package names holds what a cell can use without an import: the helpers of
// the well-known Python notebook for the Mesos v1 scheduler API, lower case with
// underscores as there (get_json, post, offers, launch, ...), and a few more.
//
// The rules it keeps:
//
//   - A helper that fails panics with an error that has a CellError method: the
//     kernel ends the cell there and shows one line. What the master answered is
//     no failure of post, call, get and operator: they give it whatever its
//     status is. The other helpers fail on any answer outside 2xx.
//   - Every wait and request takes the context of the running cell and ends at
//     the latest after the set time-out.
//   - A helper with many forms takes them in any order and refuses what it does
//     not know with the list of what it does.
//   - The session is asked for only when a name needs it.
package names

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"

	"mesosbook/resources"
	"mesosbook/session"
)

// Options says what the names work on. Session is required.
type Options struct {
	// Session gives the session that the names use, the same one each time. It
	// is called whenever a name needs it, first when a cell uses a name of
	// Mesos: starting an embedded cluster belongs here.
	Session func(ctx context.Context) (*session.Session, error)
	// Context is that of the running cell; nil is a background one.
	Context func() context.Context
	// Out receives the little that helpers print by themselves; nil discards.
	Out io.Writer
	// AgentURL is the base URL of the agent that AGENT_URL names; empty takes
	// the first one that the master knows.
	AgentURL string
	// Resources says where get_json and resource_url look.
	Resources resources.Options
	// Timeout bounds each wait; 0 is 30 s. set_timeout changes it.
	Timeout time.Duration
}

// Set is the names for one kernel. Its methods may be called by any goroutine.
type Set struct {
	o        Options
	settings settings
	content  contentServer

	mu      sync.Mutex
	timeout time.Duration
	cancels []func() // of handlers given to on
}

// New checks the options and makes the names. It starts nothing.
func New(o Options) (*Set, error) {
	if o.Session == nil {
		return nil, errors.New("names: Session is required")
	}
	if o.Context == nil {
		o.Context = context.Background
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	s := &Set{o: o, timeout: o.Timeout}
	if err := s.settings.init(); err != nil {
		return nil, err
	}
	return s, nil
}

// Close ends the handlers given to on and the server behind resource_url. It
// leaves the session alone.
func (s *Set) Close() error {
	s.mu.Lock()
	cancels := s.cancels
	s.cancels = nil
	s.mu.Unlock()
	for _, cancel := range cancels {
		cancel()
	}
	return s.content.close()
}

// Values gives the names in the form of kernel.Options.Names.
func (s *Set) Values() map[string]reflect.Value {
	values := map[string]reflect.Value{
		"Document": reflect.ValueOf((*resources.Document)(nil)),
		"Task":     reflect.ValueOf((*Task)(nil)),
		"Tasks":    reflect.ValueOf((*Tasks)(nil)),
		"Offer":    reflect.ValueOf((*session.Offer)(nil)),
		"Offers":   reflect.ValueOf((*Offers)(nil)),
		"Event":    reflect.ValueOf((*session.Event)(nil)),
		"Events":   reflect.ValueOf((*Events)(nil)),
		"Answer":   reflect.ValueOf((*session.Answer)(nil)),
	}
	for name, v := range s.settings.variables() {
		values[name] = reflect.ValueOf(v).Elem()
	}
	for _, group := range []map[string]any{s.documentNames(), s.channelNames(), s.offerNames(), s.taskNames(), s.eventNames(), s.clusterNames()} {
		for name, f := range group {
			values[name] = reflect.ValueOf(f)
		}
	}
	return values
}

// Error is the failure of a helper; Op is its name in cells.
type Error struct {
	Op  string
	Err error
}

// Error is one line. An error of the session often begins with the same words
// ("wait for offers: ..."): then they are not said twice.
func (e *Error) Error() string {
	cause := e.Err.Error()
	said := strings.ToLower(e.Op[strings.LastIndex(e.Op, ".")+1:]) // Task.Wait is said as wait
	said = strings.TrimSuffix(strings.ReplaceAll(said, "_", " "), " offers")
	if rest, ok := strings.CutPrefix(cause, said); ok && (strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, ":")) {
		return cause
	}
	return e.Op + ": " + cause
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// CellError marks the text as written for the author of a cell.
func (e *Error) CellError() {}

// fail ends the cell with err.
func fail(op string, err error) {
	var told *resources.Error
	if errors.As(err, &told) {
		switch told.Op {
		case op:
			panic(told)
		case "get_json": // an argument that is looked up as get_json does
			panic(&resources.Error{Op: op, Subject: told.Subject, Err: told.Err})
		case "parse_json", "new document": // how an argument was read
			err = told.Err
		}
	}
	if errors.Is(err, session.ErrReadOnly) {
		err = fmt.Errorf("%w; frameworks(), agents(), get, operator(\"GET_STATE\") and watch() go on reading", err)
	}
	panic(&Error{op, err})
}

// context is that of the running cell with the set time-out, or another one
// when within is positive.
func (s *Set) context(within time.Duration) (context.Context, context.CancelFunc) {
	cause := &timeoutError{after: within}
	if within <= 0 {
		s.mu.Lock()
		cause.after, cause.general = s.timeout, true
		s.mu.Unlock()
	}
	return context.WithTimeoutCause(s.o.Context(), cause.after, cause)
}

// timeoutError is the end of a wait by its time-out.
type timeoutError struct {
	after   time.Duration
	general bool // it is that of set_timeout
}

func (e *timeoutError) Error() string {
	text := "not within " + e.after.String()
	if e.general {
		text += " (set_timeout changes that)"
	}
	return text
}

// Is makes the error a context.DeadlineExceeded.
func (e *timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// session gives the session or ends the cell.
func (s *Set) session(ctx context.Context, op string) *session.Session {
	live, err := s.o.Session(ctx)
	if err != nil {
		fail(op, err)
	}
	return live
}

// with runs f with the cell's context under the set time-out and the session;
// an error of f ends the cell.
func with[T any](s *Set, op string, within time.Duration, f func(ctx context.Context, live *session.Session) (T, error)) T {
	ctx, cancel := s.context(within)
	defer cancel()
	v, err := f(ctx, s.session(ctx, op))
	if err != nil {
		fail(op, err)
	}
	return v
}

// accepted is with for a call whose answer must be 2xx.
func (s *Set) accepted(op string, f func(ctx context.Context, live *session.Session) (session.Answer, error)) session.Answer {
	return with(s, op, 0, func(ctx context.Context, live *session.Session) (session.Answer, error) {
		answer, err := f(ctx, live)
		if err == nil {
			err = answer.Err()
		}
		return answer, err
	})
}
