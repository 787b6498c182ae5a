package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"mesosbook/mesos/recordio"
)

// The load of the benchmarks: a framework that answers with several connections
// at once, as those that run many tasks do.
const (
	loadConnections = 8
	loadBatch       = 500 // tasks in one ACCEPT
	loadTimeout     = 2 * time.Minute
)

// load is a framework that launches tasks on every offer while some are wanted.
type load struct {
	b      *testing.B
	client *http.Client
	url    string
	stream string
	id     string
	body   io.Closer
	bodies chan string     // calls to post
	ended  chan struct{}   // one for each task whose end is acknowledged
	gone   context.Context // ends with the benchmark
	work   sync.WaitGroup

	mu      sync.Mutex // guards what follows
	offers  map[string]gjson.Result
	wanted  int
	started int
}

// startLoad subscribes; the framework ends with the benchmark.
func startLoad(b *testing.B, c *Cluster) *load {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	transport := &http.Transport{MaxIdleConnsPerHost: loadConnections}
	l := &load{b: b, client: &http.Client{Transport: transport}, url: c.MasterURL() + "/api/v1/scheduler", gone: ctx,
		bodies: make(chan string, 1000), ended: make(chan struct{}, 100000), offers: map[string]gjson.Result{}}
	res, err := l.post(`{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"load"}}}`)
	if err != nil {
		b.Fatal(err)
	}
	l.stream, l.body = res.Header.Get("Mesos-Stream-Id"), res.Body
	r := recordio.NewReader(res.Body, recordio.ReaderOptions{})
	first, err := r.ReadRecord(nil)
	if err != nil {
		b.Fatal(err)
	}
	l.id = gjson.GetBytes(first, "subscribed.framework_id.value").String()
	l.work.Go(func() { l.read(r) })
	for range loadConnections {
		l.work.Go(func() { l.answer(ctx) })
	}
	b.Cleanup(func() {
		cancel()
		l.body.Close()
		l.work.Wait()
		transport.CloseIdleConnections()
	})
	return l
}

func (l *load) post(body string) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodPost, l.url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if l.stream != "" {
		req.Header.Set("Mesos-Stream-Id", l.stream)
	}
	return l.client.Do(req)
}

// read takes in events until the stream ends.
func (l *load) read(r *recordio.Reader) {
	for {
		record, err := r.ReadRecord(nil)
		if err != nil {
			return
		}
		e := gjson.ParseBytes(record)
		switch e.Get("type").Str {
		case "OFFERS":
			l.mu.Lock()
			for _, o := range e.Get("offers.offers").Array() {
				l.offers[o.Get("id.value").Str] = o
			}
			l.launchLocked()
			l.mu.Unlock()
		case "RESCIND":
			l.mu.Lock()
			delete(l.offers, e.Get("rescind.offer_id.value").Str)
			l.mu.Unlock()
		case "UPDATE":
			s := e.Get("update.status")
			l.queue(`{"type":"ACKNOWLEDGE","framework_id":{"value":%q},"acknowledge":{"agent_id":%s,"task_id":%s,"uuid":%s}}`,
				l.id, s.Get("agent_id").Raw, s.Get("task_id").Raw, s.Get("uuid").Raw)
			if state := s.Get("state").Str; state == "TASK_FAILED" || state == "TASK_LOST" || state == "TASK_ERROR" {
				l.b.Errorf("%s", record)
			}
		}
	}
}

// queue has a call posted, unless the benchmark is over.
func (l *load) queue(format string, args ...any) {
	select {
	case l.bodies <- fmt.Sprintf(format, args...):
	case <-l.gone.Done():
	}
}

// answer posts calls until ctx ends.
func (l *load) answer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case body := <-l.bodies:
			res, err := l.post(body)
			if err != nil {
				if ctx.Err() == nil {
					l.b.Error(err)
				}
				return
			}
			text, _ := io.ReadAll(res.Body) // shows in the error
			res.Body.Close()
			if res.StatusCode != http.StatusAccepted {
				l.b.Errorf("%.200s: %s %s", body, res.Status, text)
			}
			if strings.HasPrefix(body, `{"type":"ACKNOWLEDGE"`) {
				l.ended <- struct{}{}
			}
		}
	}
}

// launchLocked uses the offers at hand for the tasks that are still wanted.
func (l *load) launchLocked() {
	for id, o := range l.offers {
		if l.wanted == 0 {
			return
		}
		delete(l.offers, id)
		cpus := o.Get(`resources.#(name=="cpus").scalar.value`).Float()
		n := min(l.wanted, int(cpus/loadCPUs), loadBatch)
		var tasks []string
		for range n {
			l.started++
			tasks = append(tasks, fmt.Sprintf(`{"name":"t","task_id":{"value":"t%d"},"agent_id":%s,"command":{"value":"exit 0"},`+
				`"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":%g}}]}`, l.started, o.Get("agent_id").Raw, loadCPUs))
		}
		l.wanted -= n
		l.queue(`{"type":"ACCEPT","framework_id":{"value":%q},"accept":{"offer_ids":[{"value":%q}],"filters":{"refuse_seconds":0},`+
			`"operations":[{"type":"LAUNCH","launch":{"task_infos":[%s]}}]}}`, l.id, id, strings.Join(tasks, ","))
	}
}

// loadCPUs is what a task of the load takes.
const loadCPUs = 0.1

// updates of a task that ends by itself: STARTING, RUNNING, FINISHED.
const updates = 3

// run launches n tasks and returns when the end of the last is acknowledged.
func (l *load) run(n int) {
	l.b.Helper()
	l.want(n)
	l.await(n)
}

// want lets n more tasks be launched.
func (l *load) want(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted += n
	l.launchLocked()
}

// await waits until n more tasks have ended.
func (l *load) await(n int) {
	l.b.Helper()
	late := time.After(loadTimeout)
	for done := range updates * n {
		select {
		case <-l.ended:
		case <-late:
			l.b.Fatalf("%d of %d updates after %s", done, updates*n, loadTimeout)
		}
	}
}
