package clients

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"sync"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/encoding/codecs"
	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"github.com/mesos/mesos-go/api/v1/lib/executor/calls"
	"github.com/mesos/mesos-go/api/v1/lib/executor/config"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli/httpexec"
)

// executorVariable in the environment makes the test binary an executor program,
// which the agent's fetcher brings into a sandbox.
const executorVariable = "CLIENTS_EXECUTOR"

// program is an executor: a task with the data "finish" ends at once, any other
// runs until it is killed, and messages come back with "pong " before them.
type program struct {
	calls calls.Sender

	mu       sync.Mutex
	unacked  map[string]executor.Call_Update // by uuid
	launched map[mesos.TaskID]mesos.TaskInfo // not acknowledged yet
}

// runExecutor is the whole life of an executor; it gives the exit code.
func runExecutor() int {
	cfg, err := config.FromEnv()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	client := httpcli.New(
		httpcli.Endpoint("http://"+cfg.AgentEndpoint+"/api/v1/executor"),
		httpcli.Codec(codecs.ByMediaType[codecs.MediaTypeProtobuf]),
	)
	as := executor.CallOptions{calls.Framework(cfg.FrameworkID), calls.Executor(cfg.ExecutorID)}
	p := &program{
		calls:   calls.SenderWith(httpexec.NewSender(client.Send), as...),
		unacked: map[string]executor.Call_Update{}, launched: map[mesos.TaskID]mesos.TaskInfo{},
	}
	stream := calls.SenderWith(httpexec.NewSender(client.Send, httpcli.Close(true)), as...)
	if err := p.serve(stream); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// serve subscribes and handles events until SHUTDOWN.
func (p *program) serve(stream calls.Sender) error {
	resp, err := stream.Send(context.Background(), calls.NonStreaming(calls.Subscribe(p.open())))
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	defer resp.Close()
	for {
		var e executor.Event
		if err := resp.Decode(&e); err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		if e.GetType() == executor.Event_SHUTDOWN {
			return nil
		}
		if err := p.handle(&e); err != nil {
			return err
		}
	}
}

// open is what the agent has to hear of after a reconnection.
func (p *program) open() (tasks []mesos.TaskInfo, updates []executor.Call_Update) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.launched {
		tasks = append(tasks, t)
	}
	for _, u := range p.unacked {
		updates = append(updates, u)
	}
	return tasks, updates
}

func (p *program) handle(e *executor.Event) error {
	switch e.GetType() {
	case executor.Event_LAUNCH:
		return p.launch(e.Launch.Task)
	case executor.Event_KILL:
		return p.update(e.Kill.TaskID, mesos.TASK_KILLED, "killed by request")
	case executor.Event_MESSAGE:
		return p.send(calls.Message(append([]byte("pong "), e.Message.Data...)))
	case executor.Event_ACKNOWLEDGED:
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.unacked, string(e.Acknowledged.UUID))
		delete(p.launched, e.Acknowledged.TaskID)
	}
	return nil
}

func (p *program) launch(task mesos.TaskInfo) error {
	fmt.Printf("task %s of %s\n", task.TaskID.Value, os.Getenv("MESOS_EXECUTOR_ID"))
	p.mu.Lock()
	p.launched[task.TaskID] = task
	p.mu.Unlock()
	err := p.update(task.TaskID, mesos.TASK_RUNNING, "")
	if err == nil && string(task.Data) == "finish" {
		err = p.update(task.TaskID, mesos.TASK_FINISHED, "done")
	}
	return err
}

func (p *program) update(id mesos.TaskID, state mesos.TaskState, message string) error {
	uuid := make([]byte, 16)
	if _, err := rand.Read(uuid); err != nil {
		return err
	}
	uuid[6] = 0x40 | uuid[6]&0x0f // version 4: Mesos refuses one without a version
	call := calls.Update(mesos.TaskStatus{
		TaskID: id, State: &state, Message: &message, UUID: uuid, Source: mesos.SOURCE_EXECUTOR.Enum(), Data: []byte("data of " + state.String()),
	})
	p.mu.Lock()
	p.unacked[string(uuid)] = *call.Update
	p.mu.Unlock()
	return p.send(call)
}

func (p *program) send(call *executor.Call) error {
	if err := calls.SendNoData(context.Background(), p.calls, calls.NonStreaming(call)); err != nil {
		return fmt.Errorf("%s: %w", call.GetType(), err)
	}
	return nil
}
