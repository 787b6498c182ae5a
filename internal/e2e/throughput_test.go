package e2e_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"mesosbook/cluster"
	"mesosbook/session"
)

// BenchmarkUpdates counts status updates that the embedded master sent and the
// session acknowledged, of tasks that end as soon as they start.
func BenchmarkUpdates(b *testing.B) {
	c, err := cluster.Start(b.Context(), cluster.Options{Agents: 10, Simulate: true, AllocationInterval: 10 * time.Millisecond,
		Resources: "cpus:1000;mem:1000000;disk:100000;ports:[31000-32000]"})
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
	launching := make(chan struct{})
	go func() {
		defer close(launching)
		for n := 0; ctx.Err() == nil; n += 50 {
			for changed := s.Changed(); s.Status().Tasks > 500; changed = s.Changed() {
				select {
				case <-changed:
				case <-ctx.Done():
					return
				}
			}
			offers, err := s.WaitForOffers(ctx, 1)
			if err != nil {
				return
			}
			if _, err := s.Launch(ctx, launchMany(offers[0], n, 50)); err != nil && ctx.Err() == nil {
				b.Error(err)
				return
			}
		}
	}()
	b.ResetTimer()
	for {
		changed := s.Changed()
		if st := s.Status(); st.Acknowledged >= uint64(b.N) {
			break
		}
		<-changed
	}
	b.StopTimer()
	cancel()
	<-launching
	b.ReportMetric(float64(b.N)/b.Elapsed().Minutes(), "updates/min")
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "heapMB") // of session, master and agents
}

// launchMany is an ACCEPT that launches n tasks that end at once.
func launchMany(o session.Offer, base, n int) []byte {
	var tasks []string
	for i := range n {
		tasks = append(tasks, fmt.Sprintf(`{"name":"u","task_id":{"value":"u%d"},"agent_id":{"value":%q},"command":{"value":"true"},"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.01}},{"name":"mem","type":"SCALAR","scalar":{"value":1}}]}`, base+i, o.AgentID))
	}
	return []byte(fmt.Sprintf(`{"type":"ACCEPT","accept":{"offer_ids":[{"value":%q}],"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}],"filters":{"refuse_seconds":0}}}`, o.ID, strings.Join(tasks, ",")))
}
