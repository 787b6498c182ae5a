package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// session is one case of testdata: cells, and what the user sees of them.
type sessionCase struct {
	Name     string   `json:"name"`
	Category string   `json:"category"`
	Cells    []string `json:"cells"`
	Want     string   `json:"want"`   // standard output, with a line "= values" for a shown value
	Errors   []string `json:"errors"` // expressions that the errors, in order, hold between them
}

func loadCases(t testing.TB, file string) []sessionCase {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []sessionCase
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// late is a time that only something broken takes.
const late = time.Minute

// player runs cells and keeps what a user would see.
type player struct {
	k      *Kernel
	out    pane
	stderr pane
	errs   strings.Builder
}

// pane is text that goroutines of cells may add to while a test reads it.
type pane struct {
	mu   sync.Mutex
	text strings.Builder
}

func (p *pane) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *pane) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *pane) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Reset()
}

func newPlayer(t testing.TB) *player {
	t.Helper()
	p := &player{}
	k, err := New(Options{Output: func(o Output) {
		if o.Stream == Stdout {
			io.WriteString(&p.out, o.Text)
		} else {
			io.WriteString(&p.stderr, o.Text)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	k.patience = late // a busy machine takes its time
	p.k = k
	return p
}

func (p *player) play(ctx context.Context, cell string) {
	r := p.k.Run(ctx, cell)
	var values []string
	for _, v := range r.Values {
		values = append(values, v.Text)
	}
	if len(values) > 0 {
		fmt.Fprintf(&p.out, "= %s\n", strings.Join(values, ", "))
	}
	var e *Error
	if errors.As(r.Err, &e) {
		for _, d := range e.Diagnostics {
			fmt.Fprintf(&p.errs, "%s In[%d]:%d:%d: %s\n", e.Kind, d.Cell, d.Line, d.Col, d.Message)
		}
	}
}

func playCase(t *testing.T, c sessionCase) {
	p := newPlayer(t)
	for _, cell := range c.Cells {
		limit := late
		if strings.Contains(cell, "//timeout") {
			limit = 150 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		p.play(ctx, cell)
		cancel()
	}
	if got := p.out.String(); got != c.Want {
		t.Errorf("cells:\n%s\nprinted:\n%s\nwant:\n%s\nerrors:\n%s%s", strings.Join(c.Cells, "\n--\n"), got, c.Want, p.errs.String(), p.stderr.String())
	}
	if len(c.Errors) == 0 && p.errs.Len() > 0 {
		t.Errorf("cells:\n%s\nerrors:\n%s", strings.Join(c.Cells, "\n--\n"), p.errs.String())
	}
	for _, e := range c.Errors {
		if !regexp.MustCompile(e).MatchString(p.errs.String()) && !strings.Contains(p.errs.String(), e) {
			t.Errorf("cells:\n%s\nerrors:\n%s\nwant in them: %s", strings.Join(c.Cells, "\n--\n"), p.errs.String(), e)
		}
	}
}

// TestCells plays the sessions of testdata/cells.json.
func TestCells(t *testing.T) {
	for _, c := range loadCases(t, "testdata/cells.json") {
		t.Run(c.Category+"/"+c.Name, func(t *testing.T) { playCase(t, c) })
	}
}
