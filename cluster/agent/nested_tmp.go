package agent

func (a *Agent) operateContainer(q operatorRequest) { text(q.w, 501, "501 Not Implemented.") }
