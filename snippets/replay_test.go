package snippets

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mesosbook/internal/simtime"

	"github.com/google/go-cmp/cmp"
)

// echo is a kernel for which a cell is what it prints; "fail TEXT" fails,
// "hang" waits for its context.
func echo(ctx context.Context, code string) (string, error) {
	if text, ok := strings.CutPrefix(code, "fail "); ok {
		return "before\n", errors.New(text)
	}
	if code == "hang" {
		<-ctx.Done()
		return "", context.Cause(ctx)
	}
	return code, nil
}

func replayed(t *testing.T, src string, check bool) (Report, string) {
	t.Helper()
	nb, err := Parse("a.md", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	report, err := Replay(context.Background(), nb, Options{Eval: echo, Check: check, Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	return report, out.String()
}

func TestReplayShowsWhatAReaderSees(t *testing.T) {
	report, out := replayed(t, "# Title\n\n```go\none\n\ntwo\n```\n```output\none\n...\n```\n\nThen:\n\n```go skip\nx\n```\n", true)
	want := "# Title\n\n[1] one\n\n    two\none\n\ntwo\n\nThen:\n\n[2] x\n(skipped)\n"
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	if !report.OK() || report.Ran != 1 || report.Skipped != 1 {
		t.Errorf("got %+v", report)
	}
}

func TestReplayFindsDifferences(t *testing.T) {
	src := "intro\n\n```go\na\n```\n```output\nb\n```\n```go\nc\n```\n```output\nc\n```\n"
	report, _ := replayed(t, src, true)
	want := []Failure{{Cell: 1, Line: 7, Text: "cell [1] does not show what the notebook says", Diff: "- b\n+ a\n"}}
	if diff := cmp.Diff(want, report.Failures); diff != "" || report.Ran != 2 || report.Stopped {
		t.Errorf("ran %d: %s", report.Ran, diff)
	}
	if got, want := report.Failures[0].String(report.Name), "a.md:7: cell [1] does not show what the notebook says\n- b\n+ a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if report, _ := replayed(t, src, false); !report.OK() {
		t.Errorf("without check: %+v", report.Failures)
	}
}

func TestReplayOfErrors(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		check     bool
		failures  int
		stopped   bool
	}{
		{"expected by its text", "```go\nfail broken\n```\n```output\nbefore\nerror: broken\n```\n```go\nb\n```\n", true, 0, false},
		{"expected by its text, not checked", "```go\nfail broken\n```\n```output\nbefore\nerror: broken\n```\n```go\nb\n```\n", false, 0, false},
		{"another error than expected", "```go\nfail broken\n```\n```output\nbefore\nerror: other\n```\n```go\nb\n```\n", true, 1, false},
		{"expected by the attribute", "```go error\nfail broken\n```\n```go\nb\n```\n", true, 0, false},
		{"expected and not come", "```go error\na\n```\n", true, 1, false},
		{"unexpected", "```go\nfail broken\n```\n```go\nb\n```\n", false, 1, true},
		{"unexpected instead of output", "```go\nfail broken\n```\n```output\nx\n```\n```go\nb\n```\n", true, 1, true},
	} {
		report, _ := replayed(t, tt.src, tt.check)
		if len(report.Failures) != tt.failures || report.Stopped != tt.stopped {
			t.Errorf("%s: got %+v", tt.name, report)
		}
	}
}

func TestReplayEndsACellAtItsDeadline(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		start := time.Now()
		report, _ := replayed(t, "```go timeout=5s\nhang\n```\n```output\nerror: the cell did not end within 5s\n```\n```go\nhang\n```\n", true)
		if took := time.Since(start); took != 65*time.Second || len(report.Failures) != 1 || !report.Stopped {
			t.Errorf("took %s, %+v", took, report)
		}
	})
}

func TestReplayEndsWithItsContext(t *testing.T) {
	simtime.Test(t, func(t *testing.T) {
		nb, err := Parse("a.md", []byte("```go\nhang\n```\n"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := Replay(ctx, nb, Options{Eval: echo}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestReportString(t *testing.T) {
	r := Report{Name: "a.md", Cells: 5, Ran: 3, Skipped: 1, Duration: 1234 * time.Millisecond}
	if got, want := r.String(), "a.md: 3 cells ran in 1.23s, 1 skipped, all as expected"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := (Report{Name: "a.md"}).String(), "a.md: no cells in it (blocks that begin with ```go)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.Failures, r.Stopped = []Failure{{}}, true
	if got, want := r.String(), "a.md: 3 cells ran in 1.23s, 1 skipped, 1 not as expected; stopped, 1 cell not run"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
