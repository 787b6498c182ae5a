package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestManyAgentsAreCounted(t *testing.T) {
	var urls []string
	for i := range 1000 {
		urls = append(urls, fmt.Sprint("http://127.0.0.1:", 5051+i))
	}
	if got, want := listed(urls[:10]), strings.Join(urls[:10], " "); got != want {
		t.Errorf("ten agents: %s", got)
	}
	if got, want := listed(urls), strings.Join(urls[:10], " ")+" and 990 more"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
