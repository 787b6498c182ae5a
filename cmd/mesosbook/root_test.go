package main

import (
	"bytes"
	"strings"
	"testing"
)

// A notebook starts also where nothing can be kept, unless it was given a name.
func TestNoPlaceForTheSession(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "/dev/null/state")
	var warned bytes.Buffer
	for _, flags := range []replFlags{{}, {notebookFlags: notebookFlags{master: "127.0.0.1:5050"}}} {
		warned.Reset()
		kept, err := flags.openStore(flags.master == "", &warned)
		if kept != nil || err != nil || !strings.HasPrefix(warned.String(), "this session cannot be resumed: keep the session: mkdir /dev/null") {
			t.Errorf("got %v, %v, and told %q", kept, err, warned.String())
		}
	}
	if _, err := (&replFlags{session: "demo"}).openStore(true, &warned); err == nil {
		t.Error("a named session is not kept, and nobody is told")
	}
}

func TestLightWindow(t *testing.T) {
	for colors, want := range map[string]bool{"": false, "15;0": false, "0;15": true, "0;default;15": true, "0;7": true, "7;8": false, "x": false} {
		if got := lightWindow(colors); got != want {
			t.Errorf("COLORFGBG=%q: got %v", colors, got)
		}
	}
}
