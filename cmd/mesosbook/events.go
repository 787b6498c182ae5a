package main

import (
	"fmt"
	"sync"

	"mesosbook/session"
)

// eventLevel says which events of the background channel are shown as they come.
type eventLevel string

const (
	eventsOff     eventLevel = "off"     // none
	eventsUpdates eventLevel = "updates" // all but heartbeats, offers and SUBSCRIBED, which the session tells itself
	eventsAll     eventLevel = "all"     // every record
)

// eventFeed shows the events of the session above the line being typed. mu
// guards the rest, which the prompt's goroutine sets and the session's reads.
type eventFeed struct {
	notice func(text string) // shows a line

	mu    sync.Mutex
	level eventLevel
}

// follow shows the session's events from now on, until the session is closed.
func (f *eventFeed) follow(s *session.Session) {
	s.On(func(e session.Event) {
		if f.shows(e) {
			f.notice(e.String())
		}
	})
}

func (f *eventFeed) shows(e session.Event) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch f.level {
	case eventsAll:
		return true
	case eventsUpdates:
		return e.Type != "HEARTBEAT" && e.Type != "OFFERS" && e.Type != "SUBSCRIBED"
	}
	return false
}

// set changes what is shown.
func (f *eventFeed) set(level eventLevel) error {
	switch level {
	case eventsOff, eventsUpdates, eventsAll:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.level = level
		return nil
	}
	return fmt.Errorf(":events: want off, updates or all, got %q", level)
}

func (f *eventFeed) current() eventLevel {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.level
}
