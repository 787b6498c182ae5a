package session

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/tidwall/gjson"
)

// BenchmarkUpdatesAcknowledged counts updates that were read, logged on disk and
// acknowledged over HTTP on loopback, from 100 tasks at a time, each of which sends
// its next update when the last one is acknowledged, as agents do.
func BenchmarkUpdatesAcknowledged(b *testing.B) {
	acks := make(chan string, 1000)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if gjson.GetBytes(body, "type").Str == "ACKNOWLEDGE" {
			acks <- gjson.GetBytes(body, "acknowledge.task_id.value").Str
			w.WriteHeader(http.StatusAccepted)
			return
		}
		w.Header().Set("Mesos-Stream-Id", "s")
		send := func(record string) {
			fmt.Fprintf(w, "%d\n%s", len(record), record)
			w.(http.Flusher).Flush()
		}
		send(`{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"f"},"heartbeat_interval_seconds":15.0}}`)
		n := 0
		next := func(task string) {
			n++
			send(fmt.Sprintf(`{"type":"UPDATE","update":{"status":{"task_id":{"value":%q},"state":"TASK_RUNNING","source":"SOURCE_EXECUTOR","agent_id":{"value":"S0"},"executor_id":{"value":"82"},"timestamp":1795363107.3090148,"uuid":"%021d==","container_status":{"container_id":{"value":"b7ad1536-5fc1-4f81-932d-5e2883a8dd13"},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"127.0.0.1"}]}],"executor_pid":26267}}}}`, task, n))
		}
		for i := range 100 {
			next(fmt.Sprintf("t%d", i))
		}
		for {
			select {
			case task := <-acks:
				next(task)
			case <-r.Context().Done():
				return
			}
		}
	}))
	defer srv.Close()
	s, err := New(Options{Master: srv.URL, Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer srv.CloseClientConnections()
	defer s.Close()
	if _, err := s.Subscribe(context.Background(), []byte(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n"}}}`)); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	s.Changed()
	for {
		changed := s.Changed()
		if st := s.Status(); st.Acknowledged >= uint64(b.N) {
			break
		}
		<-changed
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Minutes(), "updates/min")
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "heapMB")
}
