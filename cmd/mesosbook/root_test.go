package main

import "testing"

func TestLightWindow(t *testing.T) {
	for colors, want := range map[string]bool{"": false, "15;0": false, "0;15": true, "0;default;15": true, "0;7": true, "7;8": false, "x": false} {
		if got := lightWindow(colors); got != want {
			t.Errorf("COLORFGBG=%q: got %v", colors, got)
		}
	}
}
