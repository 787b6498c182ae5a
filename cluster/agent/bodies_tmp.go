package agent

import (
	"context"
	"mesosbook/cluster/agent/supervisor"
)

type failing struct {
	a  *Agent
	ex *executor
}

func (f failing) work(context.Context) { f.a.ended(f.ex, -1, executorTerminated()) }
func newDefaultBody(a *Agent, ex *executor, u *supervisor.User) worker { return failing{a, ex} }
func newRemoteBody(a *Agent, ex *executor, u *supervisor.User) worker  { return failing{a, ex} }
