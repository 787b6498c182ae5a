package hosttypes

import (
	"go/token"
	"go/types"
	"reflect"
	"strings"
)

var basicKinds = map[reflect.Kind]types.BasicKind{
	reflect.Bool: types.Bool, reflect.String: types.String, reflect.UnsafePointer: types.UnsafePointer,
	reflect.Int: types.Int, reflect.Int8: types.Int8, reflect.Int16: types.Int16, reflect.Int32: types.Int32, reflect.Int64: types.Int64,
	reflect.Uint: types.Uint, reflect.Uint8: types.Uint8, reflect.Uint16: types.Uint16, reflect.Uint32: types.Uint32, reflect.Uint64: types.Uint64,
	reflect.Uintptr: types.Uintptr, reflect.Float32: types.Float32, reflect.Float64: types.Float64,
	reflect.Complex64: types.Complex64, reflect.Complex128: types.Complex128,
}

// Type gives the go/types form of t, the same one each time.
func (im *Importer) Type(t reflect.Type) types.Type {
	if tt, ok := im.types[t]; ok {
		return tt
	}
	if t.Name() != "" && t.PkgPath() != "" {
		return im.named(t)
	}
	tt := im.literal(t)
	im.types[t] = tt
	return tt
}

// named registers the type before it looks inside: types refer to themselves.
func (im *Importer) named(t reflect.Type) types.Type {
	pkg := im.pkg(t.PkgPath())
	name := strings.Map(func(c rune) rune {
		if strings.ContainsRune("[]./*, {}()", c) { // an instance of a generic type
			return '_'
		}
		return c
	}, t.Name())
	obj := types.NewTypeName(token.NoPos, pkg, name, nil)
	n := types.NewNamed(obj, nil, nil)
	im.types[t] = n
	im.reflect[obj] = t
	if token.IsExported(name) {
		pkg.Scope().Insert(obj)
	}
	n.SetUnderlying(im.literal(t).Underlying())
	if t.Kind() == reflect.Interface {
		return n
	}
	pt := reflect.PointerTo(t)
	for i := range pt.NumMethod() {
		m := pt.Method(i)
		var recv types.Type = types.NewPointer(n)
		if _, ok := t.MethodByName(m.Name); ok {
			recv = n
		}
		s := im.signature(m.Type, 1)
		sig := types.NewSignatureType(types.NewVar(token.NoPos, pkg, "", recv), nil, nil, s.Params(), s.Results(), s.Variadic())
		n.AddMethod(types.NewFunc(token.NoPos, pkg, m.Name, sig))
	}
	return n
}

// signature leaves out the first skip parameters (the receiver of a method).
func (im *Importer) signature(t reflect.Type, skip int) *types.Signature {
	var in, out []*types.Var
	for i := skip; i < t.NumIn(); i++ {
		in = append(in, types.NewParam(token.NoPos, nil, "", im.Type(t.In(i))))
	}
	for i := range t.NumOut() {
		out = append(out, types.NewParam(token.NoPos, nil, "", im.Type(t.Out(i))))
	}
	return types.NewSignatureType(nil, nil, nil, types.NewTuple(in...), types.NewTuple(out...), t.IsVariadic())
}

// literal gives the type literal of t, its name aside.
func (im *Importer) literal(t reflect.Type) types.Type {
	if b, ok := basicKinds[t.Kind()]; ok {
		return types.Typ[b]
	}
	switch t.Kind() {
	case reflect.Pointer:
		return types.NewPointer(im.Type(t.Elem()))
	case reflect.Slice:
		return types.NewSlice(im.Type(t.Elem()))
	case reflect.Array:
		return types.NewArray(im.Type(t.Elem()), int64(t.Len()))
	case reflect.Map:
		return types.NewMap(im.Type(t.Key()), im.Type(t.Elem()))
	case reflect.Chan:
		dir := map[reflect.ChanDir]types.ChanDir{reflect.RecvDir: types.RecvOnly, reflect.SendDir: types.SendOnly, reflect.BothDir: types.SendRecv}
		return types.NewChan(dir[t.ChanDir()], im.Type(t.Elem()))
	case reflect.Func:
		return im.signature(t, 0)
	case reflect.Struct:
		return im.structure(t)
	case reflect.Interface:
		return im.iface(t)
	}
	return types.Typ[types.Invalid]
}

func (im *Importer) structure(t reflect.Type) types.Type {
	var fields []*types.Var
	var tags []string
	for i := range t.NumField() {
		f := t.Field(i)
		pkg := im.fieldPkg(t, f.PkgPath)
		ft := types.Type(nil)
		switch {
		case f.PkgPath == "" || f.Anonymous:
			ft = im.Type(f.Type)
		case f.Type.Comparable():
			ft = types.Typ[types.Int]
		default:
			ft = types.NewSlice(types.Typ[types.Int])
		}
		fields = append(fields, types.NewField(token.NoPos, pkg, f.Name, ft, f.Anonymous))
		tags = append(tags, string(f.Tag))
	}
	return types.NewStruct(fields, tags)
}

func (im *Importer) fieldPkg(t reflect.Type, fieldPath string) *types.Package {
	switch {
	case fieldPath != "":
		return im.pkg(fieldPath)
	case t.PkgPath() != "":
		return im.pkg(t.PkgPath())
	}
	return nil
}

func (im *Importer) iface(t reflect.Type) types.Type {
	var methods []*types.Func
	for i := range t.NumMethod() {
		m := t.Method(i)
		var pkg *types.Package
		if m.PkgPath != "" {
			pkg = im.pkg(m.PkgPath)
		}
		methods = append(methods, types.NewFunc(token.NoPos, pkg, m.Name, im.signature(m.Type, 0)))
	}
	it := types.NewInterfaceType(methods, nil)
	it.Complete()
	return it
}
