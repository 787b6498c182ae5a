package agent

import (
	"context"
	"mesosbook/cluster/agent/supervisor"
	"net/http"
)

type failing struct {
	a  *Agent
	ex *executor
}

func (f failing) work(context.Context)                                 { f.a.ended(f.ex, -1, executorTerminated()) }
func newDefaultBody(a *Agent, ex *executor, u *supervisor.User) worker { return failing{a, ex} }
func newRemoteBody(a *Agent, ex *executor, u *supervisor.User) worker  { return failing{a, ex} }

func (a *Agent) serveExecutorAPI(w http.ResponseWriter, r *http.Request) { text(w, 501, "") }
func (a *Agent) operateContainer(q operatorRequest)                      { text(q.w, 501, "501 Not Implemented.") }
