package session

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"mesosbook/mesos/recordio"
)

const (
	// execHeartbeat is how often an agent sends a heartbeat with a container's
	// output (containerizer/mesos/io/switchboard.cpp, Mesos 1.12).
	execHeartbeat = 30 * time.Second
	// inputGrace is how long a command may go on whose input was refused: it is
	// refused when the command has just ended, too.
	inputGrace = 2 * time.Second
	inputChunk = 32 << 10 // bytes of input in one record
)

// run launches the command, passes input and output on, and asks how it ended.
func (x *execution) run(ctx context.Context, agent AgentID) (ExecResult, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(x.s.life, func() { end(ErrClosed) })()
	resp, r, err := x.open(ctx, agent, end)
	if err != nil {
		return ExecResult{}, agentError(agent, err)
	}
	defer resp.Body.Close()
	base := r.url[:len(r.url)-len(operatorPath)]
	stopInput := x.feed(ctx, base, end)
	err = x.read(ctx, r, resp, end)
	stopInput()
	if err != nil {
		return ExecResult{}, err
	}
	return x.outcome(ctx, base)
}

// open sends the launch and gives its answer once that has begun, within CallTimeout.
func (x *execution) open(ctx context.Context, agent AgentID, end context.CancelCauseFunc) (resp *http.Response, r request, err error) {
	opening := time.AfterFunc(x.s.opt.CallTimeout, func() { end(fmt.Errorf("no answer for %v", x.s.opt.CallTimeout)) })
	defer opening.Stop()
	_, a, err := x.s.askAgent(ctx, agent, func(base string) (Answer, error) {
		r = x.launch(base)
		var rec *CallRecord
		var err error
		if resp, rec, err = x.s.open(ctx, r); err != nil {
			return Answer{}, err
		}
		if resp.StatusCode != http.StatusOK {
			return x.s.readAnswer(ctx, r, resp, rec)
		}
		x.s.finishCall(rec, resp.StatusCode, nil, nil)
		return Answer{Op: r.op, Status: resp.StatusCode, URL: r.url}, nil
	})
	if err == nil && a.Status != http.StatusOK {
		if err = answerOfAgent(a); err == nil {
			err = fmt.Errorf("%s: the agent answered %d, want 200", r.op, a.Status)
		}
	}
	return resp, r, err
}

// read hands the command's output on until it ends. Nothing for some heartbeats
// ends it as well.
func (x *execution) read(ctx context.Context, r request, resp *http.Response, end context.CancelCauseFunc) error {
	limit := time.Duration(x.s.opt.HeartbeatsMissed) * execHeartbeat
	watchdog := time.AfterFunc(limit, func() { end(fmt.Errorf("no record for %v", limit)) })
	defer watchdog.Stop()
	records := x.s.newRecordSource(resp.Body)
	for {
		raw, err := records.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return x.s.explain(ctx, r, err)
		}
		watchdog.Reset(limit)
		x.s.wireLine("<- %s", raw)
		if err := x.take(raw); err != nil {
			return err
		}
	}
}

// take hands one record on (agent.proto: ProcessIO); what is no output is left alone.
func (x *execution) take(raw string) error {
	data := gjson.Get(raw, "data")
	to := x.opt.Stdout
	switch data.Get("type").Str {
	case "STDOUT":
	case "STDERR":
		to = x.opt.Stderr
	default:
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(data.Get("data").Str)
	if err != nil {
		return fmt.Errorf("output that is not base64: %s", clip(raw))
	}
	_, err = to.Write(b)
	return err
}

// feed sends the input over a connection of its own until stop, which waits for the
// connection's end. Input that is refused ends the execution.
func (x *execution) feed(ctx context.Context, base string, end context.CancelCauseFunc) (stop func()) {
	if x.opt.Stdin == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	in, out := io.Pipe()
	go x.copyInput(out) // ends with the input, or by its next Write after stop
	done := make(chan *time.Timer, 1)
	go func() { // ends with the request
		err := x.attach(ctx, base, in)
		in.CloseWithError(errInputOver)
		if err == nil {
			done <- nil
			return
		}
		done <- time.AfterFunc(inputGrace, func() { end(fmt.Errorf("input: %w", err)) })
	}()
	return func() {
		cancel(errInputOver)
		in.CloseWithError(errInputOver) // net/http waits for a Read of the request's body
		if late := <-done; late != nil {
			late.Stop()
		}
	}
}

// errInputOver ends the input of a command that has ended.
var errInputOver = errors.New("the command has ended")

// attach sends the records of in; the agent answers when they or the command end.
func (x *execution) attach(ctx context.Context, base string, in io.Reader) error {
	r := request{op: "ATTACH_CONTAINER_INPUT", method: http.MethodPost, url: base + operatorPath, auto: true, stream: in,
		body: []byte(attachInput(`"type":"CONTAINER_ID","container_id":` + x.id)),
		header: http.Header{"Content-Type": {"application/recordio"}, "Message-Content-Type": {"application/json"},
			"Accept": {"application/json"}}}
	resp, rec, err := x.s.open(ctx, r)
	if err != nil {
		return err
	}
	a, err := x.s.readAnswer(ctx, r, resp, rec)
	if err == nil {
		err = answerOfAgent(a)
	}
	return err
}

// copyInput writes the records of an ATTACH_CONTAINER_INPUT: whose input, the
// input, and empty data as its end.
func (x *execution) copyInput(out *io.PipeWriter) {
	w := recordio.NewWriter(out, recordio.WriterOptions{})
	data := func(b []byte) error {
		return w.WriteRecord([]byte(attachInput(`"type":"PROCESS_IO","process_io":{"type":"DATA","data":{"type":"STDIN","data":"` +
			base64.StdEncoding.EncodeToString(b) + `"}}`)))
	}
	err := w.WriteRecord([]byte(attachInput(`"type":"CONTAINER_ID","container_id":` + x.id)))
	buf := make([]byte, inputChunk)
	for err == nil {
		var n int
		n, err = x.opt.Stdin.Read(buf)
		if n > 0 {
			if werr := data(buf[:n]); werr != nil {
				err = werr
			}
		}
	}
	if err == io.EOF {
		err = data(nil)
	}
	out.CloseWithError(err) // nil is the end of the request
}

func attachInput(member string) string {
	return `{"type":"ATTACH_CONTAINER_INPUT","attach_container_input":{` + member + `}}`
}
