package agent

import (
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	"mesosbook/mesos"
	"mesosbook/mesos/recordio"
	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
)

// launchSession runs a command in a running container and streams its output. The
// command lives as long as the answer (slave/http.cpp:
// launchNestedContainerSession).
func (a *Agent) launchSession(q operatorRequest, l containerLaunch) {
	c, existed, no := a.launchContainer(q.r.Context(), l)
	switch {
	case no != nil:
		text(q.w, no.status, no.text)
		return
	case existed:
		empty(q.w, http.StatusAccepted)
		return
	}
	defer func() { _ = c.p.Signal(syscall.SIGKILL) }()
	a.streamOutput(q, c.board)
}

// attachOutput streams the output of a container that has a switchboard.
func (a *Agent) attachOutput(q operatorRequest, id *v1.ContainerID) {
	b, no := a.boardOf(q, id)
	if no != nil {
		text(q.w, no.status, no.text)
		return
	}
	a.streamOutput(q, b)
}

// boardOf finds the switchboard of a container. Standalone containers are not
// looked for: Mesos wants an executor.
func (a *Agent) boardOf(q operatorRequest, id *v1.ContainerID) (*switchboard, *refusal) {
	a.mu.Lock()
	executor := a.executorOfLocked(rootOf(id))
	a.mu.Unlock()
	if executor == nil {
		return nil, &refusal{http.StatusNotFound, unknownContainer(id)}
	}
	c := a.findContainer(q, id)
	switch {
	case c == nil || isClosed(c.ended):
		return nil, &refusal{http.StatusInternalServerError, "Unknown container " + containerText(id)}
	case c.board == nil:
		return nil, &refusal{http.StatusInternalServerError, "I/O switchboard server was disabled for this container"}
	case isClosed(c.board.finished):
		return nil, &refusal{http.StatusInternalServerError, "I/O switchboard has shutdown"}
	}
	return c.board, nil
}

// streamOutput writes a container's output as records until there is no more, the
// client goes, or the agent ends.
func (a *Agent) streamOutput(q operatorRequest, b *switchboard) {
	out := recordWriter{w: q.w, flush: http.NewResponseController(q.w), protobuf: q.media.records() == mediaProtobuf}
	q.w.Header().Set("Content-Type", q.media.accept)
	if streaming(q.media.accept) {
		q.w.Header().Set(messageContentType, q.media.messageAccept)
	}
	q.w.WriteHeader(http.StatusOK)
	if b == nil { // processes are simulated: there is no output
		return
	}
	r := b.attach() // before the answer: the client gets what is written after it
	defer b.leave(r)
	if out.flush.Flush() != nil {
		return
	}
	beat := time.NewTicker(a.opts.SessionHeartbeat)
	defer beat.Stop()
	for {
		var m *agent.ProcessIO
		select {
		case m = <-r.records:
		case <-beat.C:
			m = heartbeat(int64(a.opts.SessionHeartbeat))
		case <-b.finished:
			out.writeAll(r.records)
			return
		case <-q.r.Context().Done():
			return
		case <-a.ctx.Done():
			return
		}
		if out.write(m) != nil {
			return
		}
	}
}

// attachInput hands the records of the request on to a container, and answers
// when they end or the container's output does.
func (a *Agent) attachInput(q operatorRequest, first *agent.Call_AttachContainerInput) {
	control := http.NewResponseController(q.w)
	_ = control.EnableFullDuplex() // else an answer waits for the end of the request; HTTP/2 needs none
	q.w.Header().Set("Connection", "close")
	defer linger(control, q.r.Body)
	if first.GetType() != agent.Call_AttachContainerInput_CONTAINER_ID {
		badRequest(q.w, "Expecting 'attach_container_input.type' to be CONTAINER_ID")
		return
	}
	b, no := a.boardOf(q, first.GetContainerId())
	switch {
	case no != nil:
		text(q.w, no.status, no.text)
		return
	case !b.holdInput():
		text(q.w, http.StatusConflict, "Multiple input connections are not allowed")
		return
	}
	defer b.releaseInput()
	done := make(chan *refusal, 1)
	a.tasks.Go(func() { done <- copyInput(q.in, b) }) // ends with the request, or with the board
	select {
	case no = <-done:
	case <-b.finished:
	case <-a.ctx.Done():
	}
	if no != nil {
		text(q.w, no.status, no.text)
		return
	}
	empty(q.w, http.StatusOK)
}

// inputLinger is how long a client may go on sending after its answer.
const inputLinger = time.Second

// linger sends the answer and reads on for a little. A client that is about to end
// its request would find the connection broken otherwise, and take that, not the
// answer, for the outcome.
func linger(control *http.ResponseController, body io.Reader) {
	_ = control.Flush()
	_ = control.SetReadDeadline(time.Now().Add(inputLinger))
	_, _ = io.Copy(io.Discard, body)
	_ = control.SetReadDeadline(time.Now()) // copyInput ends, should it still read
}

// copyInput carries out records until their end; nil for a good one.
func copyInput(in *callReader, b *switchboard) *refusal {
	for {
		call, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &refusal{http.StatusBadRequest, err.Error()}
		}
		input := call.GetAttachContainerInput()
		if why := validateProcessIO(input); why != "" {
			return &refusal{http.StatusBadRequest, why}
		}
		if no := b.take(input.GetProcessIo()); no != nil {
			return no
		}
	}
}

// take carries out one message of an attached client.
func (b *switchboard) take(m *agent.ProcessIO) *refusal {
	if m.GetType() == agent.ProcessIO_DATA {
		if err := b.write(m.GetData().GetData()); err != nil {
			return &refusal{http.StatusInternalServerError, "Failed writing to stdin: " + strerror(errnoOf(err))}
		}
		return nil
	}
	if m.GetControl().GetType() == agent.ProcessIO_Control_TTY_INFO {
		if err := b.resize(m.GetControl().GetTtyInfo().GetWindowSize()); err != nil {
			return &refusal{http.StatusBadRequest, "Unable to set the window size: " + strerror(errnoOf(err))}
		}
	}
	return nil
}

// validateProcessIO says what is wrong with a record of input
// (containerizer/mesos/io/switchboard.cpp: validate).
func validateProcessIO(in *agent.Call_AttachContainerInput) string {
	m := in.GetProcessIo()
	control, data := m.GetControl(), m.GetData()
	switch {
	case in.GetType() != agent.Call_AttachContainerInput_PROCESS_IO:
		return "Expecting 'attach_container_input.type' to be 'PROCESS_IO' instead of: '" + in.GetType().String() + "'"
	case m == nil:
		return expecting("attach_container_input.process_io")
	case m.Type == nil:
		return expecting("process_io.type")
	case m.GetType() == agent.ProcessIO_UNKNOWN:
		return "'process_io.type' is unknown"
	case m.GetType() == agent.ProcessIO_CONTROL:
		return validateControl(control)
	case data == nil:
		return expecting("process_io.data")
	case data.Type == nil:
		return expecting("process_io.data.type")
	case data.GetType() != agent.ProcessIO_Data_STDIN:
		return "Expecting 'process_io.data.type' to be 'STDIN'"
	case data.Data == nil:
		return expecting("process_io.data.data")
	}
	return ""
}

func validateControl(c *agent.ProcessIO_Control) string {
	switch {
	case c == nil:
		return expecting("process_io.control")
	case c.Type == nil:
		return expecting("process_io.control.type")
	case c.GetType() == agent.ProcessIO_Control_UNKNOWN:
		return "'process_io.control.type' is unknown"
	case c.GetType() == agent.ProcessIO_Control_HEARTBEAT && c.Heartbeat == nil:
		return expecting("process_io.control.heartbeat")
	case c.GetType() != agent.ProcessIO_Control_TTY_INFO:
		return ""
	case c.TtyInfo == nil:
		return expecting("process_io.control.tty_info")
	case c.TtyInfo.WindowSize == nil:
		return expecting("tty_info.window_size")
	}
	return ""
}

// recordWriter writes messages as records. A reader that takes nothing for a
// minute is given up.
type recordWriter struct {
	w        http.ResponseWriter
	flush    *http.ResponseController
	protobuf bool
}

const recordWriteTimeout = time.Minute

func (o recordWriter) write(m proto.Message) error {
	var record []byte
	var err error
	if o.protobuf {
		record, err = proto.Marshal(m)
	} else {
		record, err = mesos.Marshal(m)
	}
	if err != nil {
		return err
	}
	_ = o.flush.SetWriteDeadline(time.Now().Add(recordWriteTimeout)) // not every writer has one
	if _, err := o.w.Write(recordio.Append(nil, record)); err != nil {
		return err
	}
	return o.flush.Flush()
}

// writeAll writes what is queued.
func (o recordWriter) writeAll(queue <-chan *agent.ProcessIO) {
	for {
		select {
		case m := <-queue:
			if o.write(m) != nil {
				return
			}
		default:
			return
		}
	}
}
