package session

import (
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// String is one readable line.
func (e Event) String() string { return line(e.text()) }

func (e Event) text() string {
	switch e.Type {
	case EventSubscribed:
		return e.subscribedText()
	case EventOffers:
		return e.offersText()
	case EventInverseOffers:
		return fmt.Sprintf("INVERSE_OFFERS %d", len(e.Get("inverse_offers.inverse_offers").Array()))
	case EventRescind:
		return "RESCIND offer " + e.Get("rescind.offer_id.value").String()
	case EventRescindInverseOffer:
		return "RESCIND_INVERSE_OFFER " + e.Get("rescind_inverse_offer.inverse_offer_id.value").String()
	case EventUpdate:
		return e.updateText()
	case EventUpdateOperationStatus:
		st := e.Get("update_operation_status.status")
		return join("UPDATE_OPERATION_STATUS", st.Get("operation_id.value").String(), st.Get("state").String(), clip(st.Get("message").String())) + e.again()
	case EventMessage:
		return fmt.Sprintf("MESSAGE from executor %s on agent %s, %d bytes", e.Get("message.executor_id.value"), e.Get("message.agent_id.value"),
			len(e.Get("message.data").Str)*3/4)
	case EventFailure:
		return e.failureText()
	case EventError:
		return "ERROR " + clip(e.Get("error.message").String())
	case EventHeartbeat:
		return "HEARTBEAT"
	}
	return join(string(e.Type), clip(e.raw))
}

// join puts the parts that are not empty behind each other.
func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " ")
}

func (e Event) subscribedText() string {
	master := e.Get("subscribed.master_info")
	return fmt.Sprintf("SUBSCRIBED framework %s at %s:%s (Mesos %s), heartbeat every %v", e.Get("subscribed.framework_id.value"),
		master.Get("address.hostname"), master.Get("address.port"), master.Get("version"),
		time.Duration(e.Get("subscribed.heartbeat_interval_seconds").Float()*float64(time.Second)))
}

func (e Event) offersText() string {
	var parts []string
	e.Get("offers.offers").ForEach(func(_, o gjson.Result) bool {
		parts = append(parts, parseOffer(o.Raw, "http").String())
		return len(parts) < 4
	})
	n := int(e.Get("offers.offers.#").Int())
	if len(parts) > 3 {
		parts = append(parts[:3], fmt.Sprintf("and %d more", n-3))
	}
	return fmt.Sprintf("OFFERS %d: %s", n, strings.Join(parts, "; "))
}

func (e Event) updateText() string {
	st := e.Get("update.status")
	text := join("UPDATE task", st.Get("task_id.value").String(), st.Get("state").String(), clip(st.Get("message").String()))
	if r := st.Get("reason").String(); r != "" {
		text += " (" + r + ")"
	}
	if h := st.Get("healthy"); h.Exists() {
		text += " healthy: " + h.String()
	}
	return text + e.again()
}

func (e Event) again() string {
	if e.Duplicate {
		return " (sent again)"
	}
	return ""
}

func (e Event) failureText() string {
	f := e.Get("failure")
	if x := f.Get("executor_id.value"); x.Exists() {
		return fmt.Sprintf("FAILURE executor %s on agent %s ended with status %s", x, f.Get("agent_id.value"), f.Get("status"))
	}
	return "FAILURE agent " + f.Get("agent_id.value").String() + " is gone"
}
