package session

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// PortRange is a range of ports, both ends included.
type PortRange struct{ Begin, End int }

// Offer is one offer of an agent's resources, as it was sent.
type Offer struct {
	ID         OfferID
	AgentID    AgentID
	Hostname   string
	CPUs       float64 // cpus, all roles together
	MemMB      float64 // MB
	DiskMB     float64 // MB
	Ports      []PortRange
	Attributes map[string]string // texts and scalars as they are, ranges as "[1-2,5-6]", sets as "{a,b}"
	AgentURL   string            // base URL of the agent, "http://host:5051"; its scheme is that of the master
	raw        string
}

// Get reads a field of the offer by its gjson path.
func (o Offer) Get(path string) gjson.Result { return gjson.Get(o.raw, path) }

// JSON is a copy of the offer as it was on the wire.
func (o Offer) JSON() []byte { return []byte(o.raw) }

// String is one line: id, host, resources and attributes.
func (o Offer) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", o.ID, o.Hostname)
	fmt.Fprintf(&b, "  cpus %s  mem %s MB  disk %s MB", number(o.CPUs), number(o.MemMB), number(o.DiskMB))
	for i, p := range o.Ports {
		sep := ","
		if i == 0 {
			sep = "  ports "
		}
		fmt.Fprintf(&b, "%s%d-%d", sep, p.Begin, p.End)
	}
	o.Get("attributes").ForEach(func(_, a gjson.Result) bool {
		fmt.Fprintf(&b, "  %s:%s", a.Get("name").String(), valueText(a))
		return true
	})
	return line(b.String())
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// parseOffer reads the fields of one offer. A resource that is split over roles
// is summed up.
func parseOffer(raw, scheme string) Offer {
	o := Offer{raw: raw, Attributes: map[string]string{}}
	gjson.Parse(raw).ForEach(func(k, v gjson.Result) bool {
		switch k.Str {
		case "id":
			o.ID = OfferID(v.Get("value").String())
		case "agent_id":
			o.AgentID = AgentID(v.Get("value").String())
		case "hostname":
			o.Hostname = v.String()
		case "url":
			o.AgentURL = agentURL(v, scheme)
		case "resources":
			v.ForEach(func(_, r gjson.Result) bool { o.addResource(r); return true })
		case "attributes":
			v.ForEach(func(_, a gjson.Result) bool { o.Attributes[a.Get("name").String()] = valueText(a); return true })
		}
		return true
	})
	return o
}

func (o *Offer) addResource(r gjson.Result) {
	amount := r.Get("scalar.value").Float()
	switch r.Get("name").Str {
	case "cpus":
		o.CPUs += amount
	case "mem":
		o.MemMB += amount
	case "disk":
		o.DiskMB += amount
	case "ports":
		r.Get("ranges.range").ForEach(func(_, p gjson.Result) bool {
			o.Ports = append(o.Ports, PortRange{int(p.Get("begin").Int()), int(p.Get("end").Int())})
			return true
		})
	}
}

// valueText is a mesos Value (TEXT, SCALAR, RANGES, SET) as Mesos' flags write it.
func valueText(v gjson.Result) string {
	switch v.Get("type").Str {
	case "SCALAR":
		return number(v.Get("scalar.value").Float())
	case "RANGES":
		var parts []string
		for _, r := range v.Get("ranges.range").Array() {
			parts = append(parts, r.Get("begin").Raw+"-"+r.Get("end").Raw)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case "SET":
		var parts []string
		for _, i := range v.Get("set.item").Array() {
			parts = append(parts, i.String())
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return v.Get("text.value").String()
}

// offerBook holds the offers that can be used, oldest first, as they were sent:
// nothing but the ids is read until somebody asks for them.
type offerBook struct {
	order []OfferID
	byID  map[OfferID]offerEntry

	used   int // bytes of the offers
	pinned int // bytes of the records that they keep in memory, at most
}

type offerEntry struct {
	agent AgentID
	raw   string
}

func (b *offerBook) len() int { return len(b.byID) }

func (b *offerBook) clear() { *b = offerBook{} }

// add takes in the offers of an OFFERS event and tells visit about each.
func (b *offerBook) add(e *Event, visit func(agent AgentID, raw string)) {
	if b.byID == nil {
		b.byID = make(map[OfferID]offerEntry, len(e.offers))
	}
	b.pinned += len(e.raw)
	for _, o := range e.offers {
		if _, known := b.byID[o.id]; o.id == "" || known {
			continue
		}
		visit(o.agent, o.raw)
		b.byID[o.id] = offerEntry{o.agent, o.raw}
		b.order = append(b.order, o.id)
		b.used += len(o.raw)
	}
	if b.pinned > 4*b.used+pinnedSlack {
		b.compact()
	}
}

// pinnedSlack is how many bytes of records are of no concern.
const pinnedSlack = 4 << 20

// compact copies the offers out of their records: of a record of hundreds, a single
// offer that nobody uses would keep all in memory.
func (b *offerBook) compact() {
	old := b.byID
	order := b.list()
	b.clear()
	b.byID = make(map[OfferID]offerEntry, len(order))
	for _, id := range order {
		o := old[id]
		id = OfferID(strings.Clone(string(id)))
		b.byID[id] = offerEntry{AgentID(strings.Clone(string(o.agent))), strings.Clone(o.raw)}
		b.order = append(b.order, id)
		b.used += len(o.raw)
	}
	b.pinned = b.used
}

// offerText is an offer as it stands in a record, with what it is filed by.
type offerText struct {
	id    OfferID
	agent AgentID
	raw   string
}

func (b *offerBook) remove(ids ...OfferID) {
	for _, id := range ids {
		b.used -= len(b.byID[id].raw)
		delete(b.byID, id)
	}
	if len(b.order) > 2*len(b.byID)+64 {
		b.order = b.list()
	}
}

func (b *offerBook) removeAgent(agent AgentID) {
	for id, o := range b.byID {
		if o.agent == agent {
			b.remove(id)
		}
	}
}

// list gives the ids in order.
func (b *offerBook) list() []OfferID {
	ids := make([]OfferID, 0, len(b.byID))
	for _, id := range b.order {
		if _, ok := b.byID[id]; ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// Offers lists the offers that can be used now, oldest first.
func (s *Session) Offers() []Offer {
	s.mu.Lock()
	var raws []string
	for _, id := range s.offers.list() {
		raws = append(raws, s.offers.byID[id].raw)
	}
	scheme := schemeOf(s.leader)
	s.mu.Unlock()
	offers := make([]Offer, 0, len(raws))
	for _, raw := range raws {
		offers = append(offers, parseOffer(raw, scheme))
	}
	return offers
}

// WaitForOffers waits until at least n offers (1 when n is below 1) can be used
// and lists them. It fails when ctx ends or nothing is or will be subscribed.
func (s *Session) WaitForOffers(ctx context.Context, n int) ([]Offer, error) {
	n = max(n, 1)
	for {
		s.mu.Lock()
		have, changed, over := s.offers.len(), s.changed, s.overLocked()
		s.mu.Unlock()
		if have >= n {
			if offers := s.Offers(); len(offers) >= n {
				return offers, nil
			}
			continue
		}
		if over != nil {
			return nil, fmt.Errorf("wait for offers: %w", over)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d offers, have %d: %w", n, have, context.Cause(ctx))
		case <-changed:
		}
	}
}

// InverseOffer asks to give an agent's resources back for maintenance.
type InverseOffer struct {
	ID      OfferID
	AgentID AgentID
	raw     string
}

// Get reads a field of the inverse offer by its gjson path.
func (o InverseOffer) Get(path string) gjson.Result { return gjson.Get(o.raw, path) }

// JSON is a copy of the inverse offer as it was on the wire.
func (o InverseOffer) JSON() []byte { return []byte(o.raw) }

// String is one line: id, agent, start and duration of the maintenance.
func (o InverseOffer) String() string {
	return line(fmt.Sprintf("%s agent %s unavailable from %s for %s", o.ID, o.AgentID,
		nanosTime(o.Get("unavailability.start.nanoseconds")), nanosDuration(o.Get("unavailability.duration.nanoseconds"))))
}

// InverseOffers lists the outstanding inverse offers, oldest first.
func (s *Session) InverseOffers() []InverseOffer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]InverseOffer(nil), s.inverse...)
}

func (s *Session) removeInverseLocked(id OfferID) {
	var rest []InverseOffer
	for _, o := range s.inverse {
		if o.ID != id {
			rest = append(rest, o)
		}
	}
	s.inverse = rest
}
