package session

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// ingest takes one event in: into the log on disk, then into what is known, then
// to the waiters and handlers. Only the goroutine that reads the stream calls it.
func (s *Session) ingest(ch *channel, e Event) {
	s.take(ch, e, func() {})
}

// take is ingest with a step that is made under the lock before the event's own.
func (s *Session) take(ch *channel, e Event, before func()) {
	s.mu.Lock()
	e.Seq = s.log.last + 1
	s.mu.Unlock()
	s.journalEvent(e)
	s.wireLine("<- %s", e.raw)

	s.mu.Lock()
	before()
	due := s.applyLocked(&e)
	e.offers = nil // applied; the log keeps the record alone
	s.log.add(e)
	handlers := s.handlers
	s.broadcastLocked()
	s.mu.Unlock()
	for _, h := range handlers {
		h.push(e)
	}
	if due != nil && s.opt.Ack == AckAuto {
		ch.acks.push(*due)
	}
}

// enter makes a stream whose SUBSCRIBED was read the current one.
func (s *Session) enter(ch *channel, st *stream, e Event) {
	again := s.resubscribing()
	old := gjson.GetBytes(ch.body, "framework_id.value").Exists() // it may have tasks, of another session as well
	s.take(ch, e, func() {
		s.framework = FrameworkID(e.Get("subscribed.framework_id.value").String())
		s.stream = st.id()
		s.leader = st.base
		s.interval = st.interval
		s.masterVersion = e.Get("subscribed.master_info.version").String()
		s.live = st
		if !old {
			s.own.addFramework(s.framework)
		}
		ch.body = withFrameworkID(ch.body, s.framework)
		s.lastSubscribe = ch.body
		s.subscriptions++
		s.setStateLocked(Subscribed, nil)
		verb := "subscribed"
		if again {
			verb = "subscribed again"
		}
		s.noticeLocked("%s as framework %s at %s", verb, s.framework, st.base)
	})
	s.saveSubscription(false)
	s.startReconcile(ch, st, old)
}

// applyLocked changes what is known by one event and gives what must be
// acknowledged for it, if anything.
func (s *Session) applyLocked(e *Event) *ack {
	switch e.Type {
	case EventHeartbeat:
		s.lastHeartbeat, s.beat = e.Time, time.Now()
	case EventOffers:
		s.offers.add(e, s.meetAgentLocked)
	case EventRescind:
		s.offers.remove(OfferID(e.Get("rescind.offer_id.value").String()))
	case EventInverseOffers:
		e.Get("inverse_offers.inverse_offers").ForEach(func(_, v gjson.Result) bool {
			s.inverse = append(s.inverse, InverseOffer{ID: OfferID(v.Get("id.value").String()), AgentID: AgentID(v.Get("agent_id.value").String()), raw: v.Raw})
			return true
		})
	case EventRescindInverseOffer:
		s.removeInverseLocked(OfferID(e.Get("rescind_inverse_offer.inverse_offer_id.value").String()))
	case EventUpdate:
		return s.applyUpdateLocked(e)
	case EventUpdateOperationStatus:
		return s.applyOperationLocked(e)
	case EventFailure:
		s.applyFailureLocked(e)
	case EventInvalid:
		s.badRecords++
		s.noticeLocked("event %d is not a JSON object with a type and was passed over (%d bytes): %s", e.Seq, len(e.raw), clip(e.raw))
	}
	return nil
}

// meetAgentLocked remembers where the agent of an offer answers.
func (s *Session) meetAgentLocked(agent AgentID, offer string) {
	if s.agents[agent] != "" || agent == "" {
		return
	}
	if base := agentURL(gjson.Get(offer, "url"), schemeOf(s.leader)); base != "" {
		s.agents[AgentID(strings.Clone(string(agent)))] = base // the id must not keep the whole record alive
		s.hosts[hostOf(base)] = true
	}
}

// applyFailureLocked forgets the offers of a lost agent: the master rescinds
// them as well, but a FAILURE may come first.
func (s *Session) applyFailureLocked(e *Event) {
	if e.Get("failure.executor_id").Exists() {
		return
	}
	agent := AgentID(e.Get("failure.agent_id.value").String())
	s.offers.removeAgent(agent)
	s.noticeLocked("agent %s failed", agent)
}

// applyUpdateLocked files a status update with its task.
func (s *Session) applyUpdateLocked(e *Event) *ack {
	status := e.Get("update.status")
	id := TaskID(status.Get("task_id.value").String())
	if !status.Get("task_id").Exists() {
		return nil
	}
	t := s.tasks.get(id)
	if t == nil {
		t = s.tasks.add(&Task{ID: id, s: s})
	}
	uuid := status.Get("uuid").Str
	e.Duplicate = t.seen.see(uuid, maxSeenOfTask)
	hadEnded := t.state.Terminal()
	t.apply(*e, status)
	s.tasks.moved(t, hadEnded)
	if !e.Duplicate {
		s.updates++
	}
	if uuid == "" {
		s.plain++
		return nil
	}
	return &ack{task: id, agent: AgentID(status.Get("agent_id.value").String()), uuid: uuid}
}

// applyOperationLocked counts an operation's status and gives its acknowledgement.
func (s *Session) applyOperationLocked(e *Event) *ack {
	a := operationAck(e.Get("update_operation_status.status"))
	if e.Duplicate = s.operations.see(a.uuid, maxSeenOfOperations); !e.Duplicate {
		s.updates++
	}
	if a.uuid == "" {
		s.plain++
		return nil
	}
	return &a
}

// everSubscribedLocked tells whether the open channel has been subscribed.
func (s *Session) everSubscribedLocked() bool { return s.live != nil }
