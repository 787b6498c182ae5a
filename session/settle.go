package session

import (
	"time"

	"github.com/tidwall/gjson"
)

// prepare does what must come before a call is sent and gives what must come
// after its outcome is known.
func (s *Session) prepare(c call) (settle func(Answer, error)) {
	switch c.kind {
	case "ACCEPT":
		undo := s.expectTasks(c.body)
		return func(a Answer, err error) {
			switch {
			case err == nil && a.OK():
				s.useOffers(c.body, "accept.offer_ids")
			case err == nil || isUnsent(err):
				undo()
			default:
				s.useOffers(c.body, "accept.offer_ids")
				s.doubt(taskIDs(c.body), readOfferIDs(c.body, "accept.offer_ids"))
			}
		}
	case "DECLINE":
		return s.onSuccess(func() { s.useOffers(c.body, "decline.offer_ids") })
	case "ACCEPT_INVERSE_OFFERS":
		return s.onSuccess(func() { s.useInverse(c.body, "accept_inverse_offers.inverse_offer_ids") })
	case "DECLINE_INVERSE_OFFERS":
		return s.onSuccess(func() { s.useInverse(c.body, "decline_inverse_offers.inverse_offer_ids") })
	case "UPDATE_FRAMEWORK":
		return s.onSuccess(func() { s.amendSubscription(func(body []byte) []byte { return withFramework(body, c.body) }) })
	case "SUPPRESS", "REVIVE":
		return s.onSuccess(func() { s.amendSubscription(func(body []byte) []byte { return withSuppressed(body, c) }) })
	case "TEARDOWN":
		return s.prepareTeardown(FrameworkID(gjson.GetBytes(c.body, "framework_id.value").String()))
	}
	return func(Answer, error) {}
}

func (s *Session) onSuccess(f func()) func(Answer, error) {
	return func(a Answer, err error) {
		if err == nil && a.OK() {
			f()
		}
	}
}

func (s *Session) useOffers(body []byte, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offers.remove(readOfferIDs(body, path)...)
	s.broadcastLocked()
}

// readOfferIDs reads a list of offer ids.
func readOfferIDs(body []byte, path string) (ids []OfferID) {
	for _, id := range gjson.GetBytes(body, path).Array() {
		ids = append(ids, OfferID(id.Get("value").String()))
	}
	return ids
}

func (s *Session) useInverse(body []byte, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range readOfferIDs(body, path) {
		s.removeInverseLocked(id)
	}
	s.broadcastLocked()
}

// prepareTeardown makes the end of the stream that follows a TEARDOWN of our own
// framework a wanted one: it may come before the answer. An empty id is that of our
// own.
func (s *Session) prepareTeardown(id FrameworkID) func(Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channel
	if ch == nil || ch.teardown != nil || (id != "" && id != s.framework) {
		return func(Answer, error) {}
	}
	known := make(chan struct{})
	ch.teardown = known
	return func(a Answer, err error) {
		s.mu.Lock()
		ch.tornDown = err == nil && a.OK()
		if !ch.tornDown {
			ch.teardown = nil
		}
		done := ch.tornDown
		s.mu.Unlock()
		close(known)
		if done {
			s.awaitEnd(ch)
		}
	}
}

// prepareOperator is prepare for a call of the operator API.
func (s *Session) prepareOperator(body []byte) (settle func(Answer, error)) {
	id := gjson.GetBytes(body, "teardown.framework_id.value").String()
	if gjson.GetBytes(body, "type").String() != "TEARDOWN" || id == "" {
		return func(Answer, error) {}
	}
	return s.prepareTeardown(FrameworkID(id))
}

// awaitEnd waits for the master to end the stream of a framework that was torn
// down, which it does at once, and hangs up when it does not.
func (s *Session) awaitEnd(ch *channel) {
	patience := time.NewTimer(s.opt.CallTimeout)
	defer patience.Stop()
	select {
	case <-ch.done:
	case <-patience.C:
		ch.cancel(ErrTornDown)
		<-ch.done
	}
}
