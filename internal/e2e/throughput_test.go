package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"mesosbook/cluster"
	"mesosbook/session"
)

// BenchmarkUpdates counts status updates that the embedded master sent and the
// session acknowledged, of tasks that end as soon as they start.
func BenchmarkUpdates(b *testing.B) {
	c, err := cluster.Start(b.Context(), simulated)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Stop()
	s, err := session.New(session.Options{Master: c.MasterURL(), Dir: b.TempDir(), User: "root", Name: "updates"})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Subscribe(b.Context(), []byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{}}}`)); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	launched := make(chan error, 1)
	go func() { launched <- keepLaunching(ctx, s, 0) }()
	b.ResetTimer()
	await(s, func(st session.Status) bool { return st.Acknowledged >= uint64(b.N) })
	b.StopTimer()
	cancel()
	if err := <-launched; err != nil {
		b.Error(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Minutes(), "updates/min")
	b.ReportMetric(float64(heapBytes())/1e6, "heapMB") // of session, master and agents
}

// launchMany is an ACCEPT of all offers of the first one's agent that launches n
// tasks, which end at once.
func launchMany(offers []session.Offer, part, base, n int) []byte {
	agent := offers[0].AgentID
	var ids, tasks []string
	for _, o := range offers {
		if o.AgentID == agent {
			ids = append(ids, fmt.Sprintf(`{"value":%q}`, o.ID))
		}
	}
	for i := range n {
		tasks = append(tasks, fmt.Sprintf(`{"name":"u","task_id":{"value":"u%d-%d"},"agent_id":{"value":%q},"command":{"value":"true"},"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.01}},{"name":"mem","type":"SCALAR","scalar":{"value":1}}]}`, part, base+i, agent))
	}
	return []byte(fmt.Sprintf(`{"type":"ACCEPT","accept":{"offer_ids":[%s],"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}],"filters":{"refuse_seconds":0}}}`, strings.Join(ids, ","), strings.Join(tasks, ",")))
}
