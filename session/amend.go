package session

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// amendSubscription changes the SUBSCRIBE body of later subscriptions, also of those
// after a crash: the master takes each as the whole of what the framework wants.
func (s *Session) amendSubscription(change func(body []byte) []byte) {
	s.mu.Lock()
	ch := s.channel
	if ch == nil {
		s.mu.Unlock()
		return
	}
	body := change(ch.body)
	same := bytes.Equal(body, ch.body)
	ch.body, s.lastSubscribe = body, body
	s.mu.Unlock()
	if !same {
		s.saveSubscription(false)
	}
}

// withFramework puts what an UPDATE_FRAMEWORK has set into a SUBSCRIBE body. What the
// update leaves out is cleared by the master, the framework's id excepted.
func withFramework(body, update []byte) []byte {
	id := FrameworkID(gjson.GetBytes(body, "framework_id.value").String())
	for _, member := range []string{"framework_info", "suppressed_roles", "offer_constraints"} {
		v := gjson.GetBytes(update, "update_framework."+member)
		if v.Exists() && v.Type != gjson.Null {
			body = setRaw(body, "subscribe."+member, v.Raw)
		} else if member != "framework_info" {
			body = without(body, "subscribe."+member)
		}
	}
	return withFrameworkID(body, id)
}

// withSuppressed puts the roles that are suppressed after a SUPPRESS or REVIVE into a
// SUBSCRIBE body: those that it does not list get offers again (Mesos 1.12,
// allocator/mesos/hierarchical.cpp).
func withSuppressed(body []byte, c call) []byte {
	const path = "subscribe.suppressed_roles"
	all := frameworkRoles(gjson.GetBytes(body, "subscribe.framework_info"))
	named := texts(gjson.GetBytes(c.body, strings.ToLower(c.kind)+".roles"))
	suppressed := texts(gjson.GetBytes(body, path))
	affected := func(role string) bool { return len(named) == 0 || slices.Contains(named, role) }
	var next []string
	for _, role := range all {
		if (c.kind == "SUPPRESS" && affected(role)) || (slices.Contains(suppressed, role) && !affected(role)) {
			next = append(next, role)
		}
	}
	if len(next) == 0 {
		return without(body, path)
	}
	return setRaw(body, path, quoted(next))
}

// frameworkRoles are the roles of a FrameworkInfo: several with the capability
// MULTI_ROLE, else one, which is "*" by default.
func frameworkRoles(info gjson.Result) []string {
	if info.Get(`capabilities.#(type=="MULTI_ROLE")`).Exists() {
		return texts(info.Get("roles"))
	}
	if role := info.Get("role").String(); role != "" {
		return []string{role}
	}
	return []string{"*"}
}

func texts(list gjson.Result) (out []string) {
	for _, v := range list.Array() {
		out = append(out, v.String())
	}
	return out
}

// setRaw and without edit a body; one that cannot be edited stays as it is.
func setRaw(body []byte, path, raw string) []byte {
	if b, err := sjson.SetRawBytes(body, path, []byte(raw)); err == nil {
		return b
	}
	return body
}

func without(body []byte, path string) []byte {
	if b, err := sjson.DeleteBytes(body, path); err == nil {
		return b
	}
	return body
}
