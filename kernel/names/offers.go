package names

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"mesosbook/resources"
	"mesosbook/session"
)

func (s *Set) offerNames() map[string]any {
	return map[string]any{
		"offers":          s.offers,
		"wait_for_offers": s.waitForOffers,
		"accept":          s.accept,
		"decline":         s.decline,
		"revive":          s.revive,
		"suppress":        s.suppress,
	}
}

// Offers is a list of offers that shows as a table.
type Offers []session.Offer

func (o Offers) ids() []session.OfferID {
	ids := make([]session.OfferID, 0, len(o))
	for _, offer := range o {
		ids = append(ids, offer.ID)
	}
	return ids
}

// Table gives the columns of the offers.
func (o Offers) Table() (header []string, rows [][]string) {
	for _, offer := range o {
		var attributes []string
		offer.Get("attributes").ForEach(func(_, a gjson.Result) bool {
			name := a.Get("name").String()
			attributes = append(attributes, name+":"+offer.Attributes[name])
			return true
		})
		var ports []string
		for _, p := range offer.Ports {
			ports = append(ports, fmt.Sprintf("%d-%d", p.Begin, p.End))
		}
		rows = append(rows, []string{
			string(offer.ID), offer.Hostname, amount(offer.CPUs), amount(offer.MemMB), amount(offer.DiskMB),
			strings.Join(ports, ","), strings.Join(attributes, ";"),
		})
	}
	return []string{"OFFER", "HOST", "CPUS", "MEM MB", "DISK MB", "PORTS", "ATTRIBUTES"}, rows
}

// String is the table.
func (o Offers) String() string {
	header, rows := o.Table()
	return table(header, rows, "no offers")
}

// JSON is the array of the offers as they were sent.
func (o Offers) JSON() []byte {
	var parts [][]byte
	for _, offer := range o {
		parts = append(parts, offer.JSON())
	}
	return jsonArray(parts)
}

func amount(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func (s *Set) offers() Offers {
	live := s.now("offers")
	if live.Status().ReadOnly {
		fail("offers", fmt.Errorf("%w: it has no framework, which offers go to", session.ErrReadOnly))
	}
	if state := live.State(); state == session.Disconnected || state == session.Closed {
		fail("offers", fmt.Errorf("%w: subscribe() first", session.ErrNotSubscribed))
	}
	found := Offers(live.Offers())
	if state := live.State(); len(found) == 0 && state != session.Subscribed {
		fmt.Fprintf(s.o.Out, "note: the channel is %s; offers come when it is open again\n", strings.ToLower(string(state)))
	}
	return found
}

// waitForOffers takes a number of offers and a time-out, in any order.
func (s *Set) waitForOffers(args ...any) Offers {
	const op = "wait_for_offers"
	want, within := 1, time.Duration(0)
	for _, arg := range args {
		n, isNumber := number(arg)
		switch {
		case isNumber && n < 1:
			fail(op, fmt.Errorf("a wait for %d offers has no end to wait for; want 1 or more", n))
		case isNumber:
			want = n
		default:
			d, err := duration(arg)
			if err != nil {
				fail(op, unknown(arg, "a number of offers and a time-out such as \"10s\""))
			}
			within = d
		}
	}
	return with(s, op, within, func(ctx context.Context, live *session.Session) (Offers, error) {
		offers, err := live.WaitForOffers(ctx, want)
		return offers, withOfferHint(err)
	})
}

// withOfferHint says what may keep offers away when a wait for them was in vain.
func withOfferHint(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w; revive() clears filters, frameworks() tells who may hold the resources", err)
	}
	return err
}

// accept takes offers, operations and the time for which the rest is refused.
func (s *Set) accept(args ...any) session.Answer {
	const op = "accept"
	var ids []session.OfferID
	var operations [][]byte
	refuse := time.Duration(-1)
	for _, arg := range args {
		if more, ok := offerIDs(arg); ok {
			ids = append(ids, more...)
			continue
		}
		if d, ok := arg.(time.Duration); ok {
			refuse = max(d, 0)
			continue
		}
		if id, ok := text(arg); ok && !looksLikeJSON(id) {
			ids = append(ids, session.OfferID(id))
			continue
		}
		more, err := operationsOf(arg)
		if err != nil {
			fail(op, err)
		}
		operations = append(operations, more...)
	}
	if len(ids) == 0 {
		fail(op, errors.New("has no offer; give an Offer, its id or offers()"))
	}
	return s.accepted(op, func(ctx context.Context, live *session.Session) (session.Answer, error) {
		gone := unusable(live.Offers(), ids)
		answer, err := live.Accept(ctx, ids, operations, refuse)
		if len(gone) > 0 && err == nil && answer.OK() {
			fmt.Fprintf(s.o.Out, "note: %s is not among offers(), so nothing comes of it: tasks end in TASK_LOST, what else was offered comes back\n", strings.Join(gone, ", "))
		}
		return answer, err
	})
}

// unusable lists those of ids that are not among the offers at hand.
func unusable(at []session.Offer, ids []session.OfferID) []string {
	var gone []string
	for _, id := range ids {
		if !slices.Contains(Offers(at).ids(), id) {
			gone = append(gone, string(id))
		}
	}
	return gone
}

// operationsOf reads one operation, an array of them, or a body with them.
func operationsOf(v any) ([][]byte, error) {
	doc, err := document(v)
	if err != nil {
		return nil, unknown(v, "offers or their ids, operations as documents, and a time.Duration for which the rest is refused")
	}
	if ops := doc.Get("accept.operations"); ops.IsArray() {
		doc = doc.At("accept.operations")
	}
	list := []*resources.Document{doc}
	if doc.Get("").IsArray() {
		list = doc.Each()
	}
	var out [][]byte
	for _, d := range list {
		if kind := d.Get("type"); kind.Type != gjson.String {
			return nil, errors.New(`an operation needs a "type", such as {"type": "LAUNCH", "launch": {"task_infos": [...]}}`)
		}
		out = append(out, d.JSON())
	}
	return out, nil
}

// decline takes offers (none: all that can be used) and how long not to offer
// the same again.
func (s *Set) decline(args ...any) session.Answer {
	const op = "decline"
	var ids []session.OfferID
	refuse, all := time.Duration(-1), true
	for _, arg := range args {
		if more, ok := offerIDs(arg); ok {
			ids, all = append(ids, more...), false
			continue
		}
		if d, ok := arg.(time.Duration); ok {
			refuse = max(d, 0)
			continue
		}
		id, ok := text(arg)
		if !ok || id == "" {
			fail(op, unknown(arg, "offers or their ids (none: all), and a time.Duration for which not to offer them again"))
		}
		ids, all = append(ids, session.OfferID(id)), false
	}
	return s.accepted(op, func(ctx context.Context, live *session.Session) (session.Answer, error) {
		if all {
			ids = Offers(live.Offers()).ids()
		}
		if len(ids) == 0 {
			return session.Answer{}, errors.New("there is no offer to decline; wait_for_offers() waits for one")
		}
		return live.Decline(ctx, ids, refuse)
	})
}

func (s *Set) revive(roles ...string) session.Answer {
	return s.accepted("revive", func(ctx context.Context, live *session.Session) (session.Answer, error) {
		return live.Revive(ctx, roles...)
	})
}

func (s *Set) suppress(roles ...string) session.Answer {
	return s.accepted("suppress", func(ctx context.Context, live *session.Session) (session.Answer, error) {
		return live.Suppress(ctx, roles...)
	})
}
