package kernel

import (
	"encoding/json"
	"go/types"
	"reflect"
)

// jsonValue gives encoding/json what it cannot see of interpreted values:
// embedding and methods.
type jsonValue struct {
	h *host
	v any
	t types.Type
}

// json wraps an argument of encoding/json; id is the number of its static
// type, 0 when that is an interface.
func (h *host) json(v any, id int) any {
	u := unwrap(v)
	if u == nil {
		return v
	}
	t := h.staticType(id)
	if t == nil && !hasTag(reflect.TypeOf(u), map[reflect.Type]bool{}) {
		return v
	}
	_ = jsonValue{h, u, t}
	_ = json.Marshal
	return v
}
