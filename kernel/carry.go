package kernel

import "reflect"

// carry moves the value at src to dst, whose type is another version of the
// same: field by field where it has to be. What does not fit stays zero.
func (h *host) carry(dst, src any) {
	carryValue(reflect.ValueOf(dst).Elem(), reflect.ValueOf(src).Elem(), map[uintptr]reflect.Value{})
}

// seen holds the pointers that were moved, by their old address.
func carryValue(dst, src reflect.Value, seen map[uintptr]reflect.Value) {
	if !src.IsValid() || !dst.CanSet() {
		return
	}
	switch {
	case src.Type().AssignableTo(dst.Type()):
		dst.Set(src)
		return
	case src.Kind() == dst.Kind() && src.Type().ConvertibleTo(dst.Type()):
		dst.Set(src.Convert(dst.Type()))
		return
	case src.Kind() != dst.Kind():
		return
	}
	switch src.Kind() {
	case reflect.Struct:
		for i := range dst.NumField() {
			if f := src.FieldByName(dst.Type().Field(i).Name); f.IsValid() && f.CanInterface() {
				carryValue(dst.Field(i), f, seen)
			}
		}
	case reflect.Slice:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.MakeSlice(dst.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			carryValue(dst.Index(i), src.Index(i), seen)
		}
	case reflect.Array:
		for i := range min(src.Len(), dst.Len()) {
			carryValue(dst.Index(i), src.Index(i), seen)
		}
	case reflect.Map:
		carryMap(dst, src, seen)
	case reflect.Pointer:
		carryPointer(dst, src, seen)
	}
}

func carryMap(dst, src reflect.Value, seen map[uintptr]reflect.Value) {
	if src.IsNil() {
		return
	}
	dst.Set(reflect.MakeMap(dst.Type()))
	for it := src.MapRange(); it.Next(); {
		k, v := reflect.New(dst.Type().Key()).Elem(), reflect.New(dst.Type().Elem()).Elem()
		carryValue(k, it.Key(), seen)
		carryValue(v, it.Value(), seen)
		dst.SetMapIndex(k, v)
	}
}

func carryPointer(dst, src reflect.Value, seen map[uintptr]reflect.Value) {
	if src.IsNil() {
		return
	}
	if p, ok := seen[src.Pointer()]; ok && p.Type() == dst.Type() {
		dst.Set(p)
		return
	}
	p := reflect.New(dst.Type().Elem())
	seen[src.Pointer()] = p
	carryValue(p.Elem(), src.Elem(), seen)
	dst.Set(p)
}
