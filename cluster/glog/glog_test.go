package glog

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// source is somebody with a method of his own, as master and agent have one.
type source struct{ log *Logger }

func (s source) infof(format string, args ...any) { s.log.Print('I', format, args...) }

func run(l *Logger) {
	l.Start()
	l.Stop()
}

func TestLineOfGlog(t *testing.T) {
	var out bytes.Buffer
	l := New(&out)
	source{l}.infof("Version: %s", "1.12.0")
	run(l)
	want := regexp.MustCompile(`^I\d{8} \d\d:\d\d:\d\d\.\d{6} [ \d]{4}\d glog_test\.go:\d+\] Version: 1\.12\.0\n$`)
	if !want.MatchString(out.String()) {
		t.Errorf("got %q, want %s", out.String(), want)
	}
}

func TestSlowWriterLosesLinesAndSaysSo(t *testing.T) {
	var out bytes.Buffer
	l := New(&out)
	for range 3 {
		source{l}.infof("%s", strings.Repeat("x", maxPending))
	}
	run(l)
	if !strings.HasSuffix(out.String(), "... 2 lines lost: the log is written too slowly\n") {
		t.Errorf("the end is %q", out.String()[max(0, out.Len()-80):])
	}
}

func TestWithoutWriter(t *testing.T) {
	l := New(nil)
	source{l}.infof("to nobody")
	if len(l.pending) > 0 {
		t.Errorf("queued %q", l.pending)
	}
}
