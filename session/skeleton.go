package session

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tidwall/gjson"
)

var errPending = errors.New("not built yet")

// State is where a Session stands with its subscription.
type State string

// The states of a Session.
const (
	Disconnected State = "Disconnected" // no subscription is wanted: before Subscribe, after CloseChannel, teardown, takeover, removal
	Subscribing  State = "Subscribing"  // SUBSCRIBE is under way
	Subscribed   State = "Subscribed"   // the stream is open and SUBSCRIBED was read
	Lost         State = "Lost"         // the stream broke; waiting to subscribe again
	Closed       State = "Closed"       // Close was called; final
)

// Notice is one line for people about what happened in the background.
type Notice struct {
	Time  time.Time
	State State  // the session's state after what happened
	Text  string // one line, no full stop
}

// String is the notice's text.
func (n Notice) String() string { return n.Text }

// Session is one subscription to a master and what is known through it. Its
// methods may be called from any goroutine.
type Session struct{}

// New checks the options and gives a Session in state Disconnected. It starts
// no goroutine and opens no connection.
func New(o Options) (*Session, error) { return nil, errPending }

// Subscribe opens the background channel with a SUBSCRIBE body and returns once
// the master has answered SUBSCRIBED; the Answer then holds that event. Fields
// the body has are left alone; user, name and failover_timeout are filled from
// the options where absent or null, and a framework id given in one of its two
// places is copied to the other. A body without an id registers a new framework.
// A refusal by HTTP comes as an Answer with that status; a refusal by an ERROR
// event, no master and a timeout come as an error. The ctx bounds the wait for
// the first SUBSCRIBED only; later losses are repaired in the background.
func (s *Session) Subscribe(ctx context.Context, body []byte) (Answer, error) {
	return Answer{}, errPending
}

// Resubscribe opens the channel again with the body and the framework id of the
// last subscription, also of one restored from the event log.
func (s *Session) Resubscribe(ctx context.Context) (Answer, error) { return Answer{}, errPending }

// CloseChannel drops the subscription without tearing the framework down: the
// master keeps its tasks for failover_timeout. It returns when the background
// goroutines of the channel have ended. Without a channel it does nothing.
func (s *Session) CloseChannel() error { return errPending }

// Close ends everything the session started and returns when it has ended. It
// does not tear the framework down. A second Close does nothing.
func (s *Session) Close() error { return errPending }

// Post sends a call to the scheduler API of the leading master: framework_id is
// filled where absent or null, the Mesos-Stream-Id header is set, offers used by
// the call leave Offers and its tasks enter Tasks. A SUBSCRIBE body opens the
// channel as Subscribe does. While the subscription is being renewed it waits,
// at most for CallTimeout. Every HTTP status is an Answer; an error means that
// there was no answer.
func (s *Session) Post(ctx context.Context, body []byte) (Answer, error) {
	return Answer{}, errPending
}

// PostURL is Post to a given URL. A URL that is not a scheduler API
// (".../api/v1/scheduler") gets the body as it is.
func (s *Session) PostURL(ctx context.Context, url string, body []byte) (Answer, error) {
	return Answer{}, errPending
}

// PostRaw sends the body with exactly these headers (and credentials, if any),
// fills in nothing and follows no redirect. An empty url is the scheduler API of
// the leading master. Of an event stream only the first record is read.
func (s *Session) PostRaw(ctx context.Context, url string, header http.Header, body []byte) (Answer, error) {
	return Answer{}, errPending
}

// Get fetches a path ("/state") from the leading master or a whole URL.
func (s *Session) Get(ctx context.Context, pathOrURL string) (Answer, error) {
	return Answer{}, errPending
}

// Answer is what a server said to one request.
type Answer struct {
	Status int         // HTTP status code; 0 when DryRun
	Header http.Header // as received
	Body   []byte      // decoded body, at most MaxRecord bytes; for SUBSCRIBE the SUBSCRIBED event
	URL    string      // who answered
	DryRun string      // the curl command that was shown instead of being sent; else empty
}

// String is "Result: 202", with the body's text behind it when the answer is an
// error or has a text body.
func (a Answer) String() string { return "" }

// OK tells whether the status is 2xx.
func (a Answer) OK() bool { return false }

// Err is nil for 2xx, else an *AnswerError that says what the status means and
// what to do next.
func (a Answer) Err() error { return errPending }

// Get reads a field of a JSON body by its gjson path.
func (a Answer) Get(path string) gjson.Result { return gjson.Result{} }

// JSON is the body when it is valid JSON, else nil.
func (a Answer) JSON() []byte { return nil }

// Text is the body as text.
func (a Answer) Text() string { return "" }

// State is where the session stands.
func (s *Session) State() State { return Disconnected }

// FrameworkID is the id of the current or last framework; empty before the first SUBSCRIBED.
func (s *Session) FrameworkID() FrameworkID { return "" }

// StreamID is that of the current or last subscription; empty before the first.
func (s *Session) StreamID() StreamID { return "" }

// LastHeartbeat is when the last HEARTBEAT event came; zero when none has.
func (s *Session) LastHeartbeat() time.Time { return time.Time{} }

// LastError is what last went wrong in the background or in a call; nil if nothing did.
func (s *Session) LastError() error { return nil }

// MasterURL is the leading master's base URL ("http://127.0.0.1:5050") as far as it is known.
func (s *Session) MasterURL() string { return "" }

// Changed is closed at the next change of state, offers, tasks or events; get a
// new one before looking at them.
func (s *Session) Changed() <-chan struct{} { return nil }

// Status is a snapshot of a Session.
type Status struct {
	State            State
	Master           string // what was asked for, without credentials
	Leader           string // base URL of the leading master
	MasterVersion    string
	FrameworkID      FrameworkID
	StreamID         StreamID
	Since            time.Time // of the state
	LastHeartbeat    time.Time // zero when none came
	HeartbeatAge     time.Duration
	Interval         time.Duration // heartbeat interval announced by the master
	Backoff          time.Duration // the wait before the next attempt; 0 when not Lost
	Attempts         int           // attempts since the loss
	Losses           int           // subscriptions lost so far
	Events           uint64        // records read so far
	Offers           int           // offers that can be used now
	Tasks            int           // tasks that have not ended
	Updates          uint64        // status updates read, duplicates not counted
	Acknowledged     uint64        // updates acknowledged with a 202
	PendingAcks      int           // updates read and not yet acknowledged
	FailoverTimeout  time.Duration // of the framework, as subscribed
	ReadOnly, DryRun bool
	LogDir           string // event log directory; empty when in memory only
	LastError        error
}

// String is the status as aligned lines of "name  value".
func (st Status) String() string { return "" }

// Status takes a snapshot.
func (s *Session) Status() Status { return Status{} }

// Offer is one offer of an agent's resources, as it was sent.
type Offer struct {
	ID         OfferID
	AgentID    AgentID
	Hostname   string
	CPUs       float64 // cpus, all roles together
	MemMB      float64 // MB
	DiskMB     float64 // MB
	Ports      []PortRange
	Attributes map[string]string // TEXT and SCALAR values as text, ranges as "[1-2]", sets as "{a,b}"
	AgentURL   string            // base URL of the agent, "http://host:5051"
	raw        string
}

// PortRange is a range of ports, both ends included.
type PortRange struct{ Begin, End int }

// Get reads a field of the offer by its gjson path.
func (o Offer) Get(path string) gjson.Result { return gjson.Result{} }

// JSON is the offer as it was on the wire.
func (o Offer) JSON() []byte { return nil }

// String is one line: id, host, resources and attributes.
func (o Offer) String() string { return "" }

// Offers lists the offers that can be used now, oldest first.
func (s *Session) Offers() []Offer { return nil }

// InverseOffers lists the outstanding inverse offers (maintenance), oldest first.
func (s *Session) InverseOffers() []Event { return nil }

// WaitForOffers waits until at least n offers (1 when n is below 1) can be used
// and lists them. It fails when ctx ends or nothing is or will be subscribed.
func (s *Session) WaitForOffers(ctx context.Context, n int) ([]Offer, error) { return nil, errPending }

// Task is a handle on one task of the framework; it stays valid after its end.
type Task struct {
	ID TaskID
	s  *Session
}

// Tasks lists the known tasks in the order in which they became known.
func (s *Session) Tasks() []*Task { return nil }

// Task gives the task with this id, if it is known.
func (s *Session) Task(id TaskID) (*Task, bool) { return nil, false }

// Name is the task's name; empty when the task was learned from an update.
func (t *Task) Name() string { return "" }

// AgentID is the agent that runs the task; empty while unknown.
func (t *Task) AgentID() AgentID { return "" }

// ExecutorID is the task's executor; the task's own id for a command task.
func (t *Task) ExecutorID() ExecutorID { return "" }

// State is that of the last update; TaskStaging before the first.
func (t *Task) State() TaskState { return "" }

// Message is that of the last update; may be empty.
func (t *Task) Message() string { return "" }

// Info is the TaskInfo it was launched with; nil when this session did not launch it.
func (t *Task) Info() []byte { return nil }

// Updates lists the UPDATE events of this task that are in memory, oldest first,
// without retransmissions.
func (t *Task) Updates() []Event { return nil }

// String is one line: id, state, agent, last message.
func (t *Task) String() string { return "" }

// Wait returns nil once the task has been in one of the states, also earlier;
// without states, once it has ended. It fails when the task ends otherwise, when
// ctx ends, or when the subscription ended for good.
func (t *Task) Wait(ctx context.Context, states ...TaskState) error { return errPending }

// Kill sends KILL; a positive grace overrides the task's own grace period.
func (t *Task) Kill(ctx context.Context, grace time.Duration) (Answer, error) {
	return Answer{}, errPending
}

// Stdout is the whole of the sandbox's file "stdout".
func (t *Task) Stdout(ctx context.Context) (string, error) { return "", errPending }

// Stderr is the whole of the sandbox's file "stderr".
func (t *Task) Stderr(ctx context.Context) (string, error) { return "", errPending }

// File is one entry of a sandbox, from /files/browse of the agent.
type File struct {
	Name string // relative to the sandbox; directories end in "/"
	Size int64  // bytes
	Mode string // "-rw-r--r--"
	User string
	Time time.Time // of the last change
	Path string    // as /files/* of the agent takes it
}

// String is one line as "ls -l" prints it.
func (f File) String() string { return "" }

// Sandbox lists the top level of the task's sandbox.
func (t *Task) Sandbox(ctx context.Context) ([]File, error) { return nil, errPending }

// ReadFile reads a whole file of the sandbox, at most MaxRecord bytes.
func (t *Task) ReadFile(ctx context.Context, name string) ([]byte, error) { return nil, errPending }

// URL is where the sandbox can be downloaded from its agent; empty while the agent is unknown.
func (t *Task) URL() string { return "" }

// Launch posts an ACCEPT body and gives the tasks of its LAUNCH and LAUNCH_GROUP
// operations in order. The tasks are known before the call is sent, so no update
// is missed. An answer other than 202 comes as its Err and leaves no tasks behind.
func (s *Session) Launch(ctx context.Context, body []byte) ([]*Task, error) { return nil, errPending }

// EventType is the type of an event as it stands on the wire.
type EventType string

// The event types of the scheduler API (scheduler.proto, Event.Type).
const (
	EventSubscribed            EventType = "SUBSCRIBED"
	EventOffers                EventType = "OFFERS"
	EventInverseOffers         EventType = "INVERSE_OFFERS"
	EventRescind               EventType = "RESCIND"
	EventRescindInverseOffer   EventType = "RESCIND_INVERSE_OFFER"
	EventUpdate                EventType = "UPDATE"
	EventUpdateOperationStatus EventType = "UPDATE_OPERATION_STATUS"
	EventMessage               EventType = "MESSAGE"
	EventFailure               EventType = "FAILURE"
	EventError                 EventType = "ERROR"
	EventHeartbeat             EventType = "HEARTBEAT"
	EventInvalid               EventType = "(invalid)" // a record that is not a JSON object; Raw holds its bytes
)

// Event is one record of the stream as it was read.
type Event struct {
	Seq       uint64    // position in the log, from 1, also across a resume
	Time      time.Time // when it was read
	Type      EventType
	Raw       []byte // the record; not to be changed
	Duplicate bool   // an update that was read before (a retransmission)
}

// Get reads a field of the event by its gjson path.
func (e Event) Get(path string) gjson.Result { return gjson.Result{} }

// JSON is the record as it was on the wire.
func (e Event) JSON() []byte { return nil }

// String is one readable line.
func (e Event) String() string { return "" }

// Events lists the events in memory that the filter takes, oldest first; a nil
// filter takes all. History reaches further back.
func (s *Session) Events(filter func(Event) bool) []Event { return nil }

// History reads the event log on disk, oldest first, until yield gives false.
// Without a Dir it gives the events in memory.
func (s *Session) History(yield func(Event) bool) error { return errPending }

// Position is the Seq of the last event read.
func (s *Session) Position() uint64 { return 0 }

// Await gives the next event that match takes. It looks from the session's
// cursor on, which Await leaves behind the event it gave: of two calls in a row
// the second sees all that came after the first one's event. It fails when ctx
// ends or when no event can come any more.
func (s *Session) Await(ctx context.Context, match func(Event) bool) (Event, error) {
	return Event{}, errPending
}

// AwaitAfter is Await from a position instead of the cursor, which it leaves alone.
func (s *Session) AwaitAfter(ctx context.Context, after uint64, match func(Event) bool) (Event, error) {
	return Event{}, errPending
}

// On calls f for each event read from now on, in order, in a goroutine of its
// own, until cancel or Close. An f that falls 10,000 events behind is cut off
// with a notice. cancel does not wait for a running f; f must not call Close.
func (s *Session) On(f func(Event)) (cancel func()) { return func() {} }

// Calls of the scheduler API. Each fills in the framework id and the stream id,
// waits while the subscription is being renewed (at most CallTimeout), and fails
// when there is none. A 202 means that the master took the call, not that it had
// an effect.

// Call sends a call of any type; body is the JSON of its member ("accept" of
// ACCEPT) and may be nil where the type has none.
func (s *Session) Call(ctx context.Context, callType string, body []byte) (Answer, error) {
	return Answer{}, errPending
}

// Accept uses offers; each operation is the JSON of an Offer.Operation. Without
// operations it declines. A negative refuse leaves the filter at the master's 5 s.
func (s *Session) Accept(ctx context.Context, offers []OfferID, operations [][]byte, refuse time.Duration) (Answer, error) {
	return Answer{}, errPending
}

// Decline gives offers back; they are not offered again for refuse. A negative
// refuse leaves the filter at the master's 5 s.
func (s *Session) Decline(ctx context.Context, offers []OfferID, refuse time.Duration) (Answer, error) {
	return Answer{}, errPending
}

// AcceptInverseOffers agrees to give resources up for maintenance.
func (s *Session) AcceptInverseOffers(ctx context.Context, offers []OfferID, refuse time.Duration) (Answer, error) {
	return Answer{}, errPending
}

// DeclineInverseOffers does not agree to a maintenance.
func (s *Session) DeclineInverseOffers(ctx context.Context, offers []OfferID, refuse time.Duration) (Answer, error) {
	return Answer{}, errPending
}

// Revive clears the filters of the roles (all when none is given) and asks for offers at once.
func (s *Session) Revive(ctx context.Context, roles ...string) (Answer, error) {
	return Answer{}, errPending
}

// Suppress asks for no further offers for the roles (all when none is given).
func (s *Session) Suppress(ctx context.Context, roles ...string) (Answer, error) {
	return Answer{}, errPending
}

// Kill asks to end a task; the agent may be empty. A positive grace overrides the
// task's own time between SIGTERM and SIGKILL.
func (s *Session) Kill(ctx context.Context, task TaskID, agent AgentID, grace time.Duration) (Answer, error) {
	return Answer{}, errPending
}

// Shutdown ends an executor and all its tasks.
func (s *Session) Shutdown(ctx context.Context, executor ExecutorID, agent AgentID) (Answer, error) {
	return Answer{}, errPending
}

// Acknowledge acknowledges the UPDATE event; an update without uuid needs none
// and gives an error.
func (s *Session) Acknowledge(ctx context.Context, update Event) (Answer, error) {
	return Answer{}, errPending
}

// AcknowledgeOperationStatus acknowledges the UPDATE_OPERATION_STATUS event.
func (s *Session) AcknowledgeOperationStatus(ctx context.Context, update Event) (Answer, error) {
	return Answer{}, errPending
}

// Reconcile asks for the state of these tasks, of all when none is given; the
// answers come as UPDATE events.
func (s *Session) Reconcile(ctx context.Context, tasks ...TaskID) (Answer, error) {
	return Answer{}, errPending
}

// ReconcileOperations asks for the state of operations; each is the JSON of a
// ReconcileOperations.Operation, none asks for all.
func (s *Session) ReconcileOperations(ctx context.Context, operations ...[]byte) (Answer, error) {
	return Answer{}, errPending
}

// Message sends bytes to an executor; best effort.
func (s *Session) Message(ctx context.Context, executor ExecutorID, agent AgentID, data []byte) (Answer, error) {
	return Answer{}, errPending
}

// Request sends REQUEST; each request is the JSON of a Request. Mesos' own
// allocator ignores it.
func (s *Session) Request(ctx context.Context, requests ...[]byte) (Answer, error) {
	return Answer{}, errPending
}

// UpdateFramework changes the FrameworkInfo of the running framework; body is
// the JSON of UPDATE_FRAMEWORK's member. A 200 is kept for later subscriptions.
func (s *Session) UpdateFramework(ctx context.Context, body []byte) (Answer, error) {
	return Answer{}, errPending
}

// Teardown ends the framework and kills its tasks; the channel ends with it.
func (s *Session) Teardown(ctx context.Context) (Answer, error) { return Answer{}, errPending }

// Operator sends a call to the operator API (/api/v1) of the leading master, or of
// the agent with this base URL or id when target is not empty. body is the JSON of
// the call's member and may be nil.
func (s *Session) Operator(ctx context.Context, target, callType string, body []byte) (Answer, error) {
	return Answer{}, errPending
}

// Watch follows the operator event stream of the leading master (SUBSCRIBE of
// /api/v1) and calls f for each event until ctx ends, f gives false (then nil is
// returned) or the stream ends. It runs in the caller's goroutine.
func (s *Session) Watch(ctx context.Context, f func(Event) bool) error { return errPending }

// AgentURL is the base URL of an agent, from offers or the master's /slaves.
func (s *Session) AgentURL(ctx context.Context, id AgentID) (string, error) { return "", errPending }

// CallRecord is one request that the session sent, without credentials.
type CallRecord struct {
	N        int // from 1
	Time     time.Time
	Method   string
	URL      string
	Header   http.Header // Authorization is left out
	Body     []byte
	Status   int    // 0 while under way or without an answer
	Answer   []byte // the first 4 KiB of the answer's body
	Err      error
	Duration time.Duration
	Auto     bool // sent by the session itself: acknowledgements, reconciliation, re-subscription
}

// String is one line: number, method, call type, status, duration.
func (c CallRecord) String() string { return "" }

// Calls lists the last 200 requests, oldest first.
func (s *Session) Calls() []CallRecord { return nil }

// Curl renders the n-th last call that the session did not send by itself (1 is
// the last) as a curl command that works when pasted into a POSIX shell.
// Credentials stand as $MESOSBOOK_PRINCIPAL and $MESOSBOOK_SECRET.
func (s *Session) Curl(n int) (string, error) { return "", errPending }

// SetDryRun makes calls that change something return an Answer with the curl
// command instead of sending them.
func (s *Session) SetDryRun(on bool) {}

// SetWire calls f with a line for each request, answer and record as it crosses;
// nil ends it. f is called as Options.Log is.
func (s *Session) SetWire(f func(line string)) {}

// Resumable tells what the event log in dir holds: the framework id of the last
// subscription, or an error that says why it cannot be resumed.
func Resumable(dir string) (FrameworkID, error) { return "", errPending }

// Errors that a caller may have to tell apart, with errors.Is.
var (
	// ErrClosed: the session was closed.
	ErrClosed = errors.New("session closed")
	// ErrNotSubscribed: there is no subscription and none under way.
	ErrNotSubscribed = errors.New("not subscribed")
	// ErrAlreadySubscribed: a channel is open.
	ErrAlreadySubscribed = errors.New("already subscribed")
	// ErrFailedOver: another scheduler subscribed with this framework id.
	ErrFailedOver = errors.New("framework failed over to another session")
	// ErrRemoved: the master has removed the framework.
	ErrRemoved = errors.New("framework has been removed")
	// ErrReadOnly: Options.ReadOnly refused the call.
	ErrReadOnly = errors.New("read-only session")
)

// AnswerError is an answer outside 2xx.
type AnswerError struct {
	Op     string // "post ACCEPT"
	Status int
	Text   string // the server's text, clipped at 200 bytes
	Hint   string // what it means and what to do next; may be empty
}

// Error is one line.
func (e *AnswerError) Error() string { return "" }
