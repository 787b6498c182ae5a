package kernel

import "go/types"

// members lists the fields and methods that can be selected on a value of
// type t from package pkg, promoted ones after direct ones.
func members(t types.Type, pkg *types.Package) []types.Object {
	var out []types.Object
	seen := map[string]bool{}
	add := func(o types.Object) {
		if !seen[o.Name()] && (o.Exported() || o.Pkg() == nil || o.Pkg().Path() == pkg.Path()) {
			seen[o.Name()] = true
			out = append(out, o)
		}
	}
	level := []types.Type{t}
	visited := map[types.Type]bool{}
	for len(level) > 0 {
		var next []types.Type
		for _, t := range level {
			if visited[t] {
				continue
			}
			visited[t] = true
			set := types.NewMethodSet(t)
			if _, ptr := t.Underlying().(*types.Pointer); !ptr && !types.IsInterface(t) {
				set = types.NewMethodSet(types.NewPointer(t)) // a variable is addressable
			}
			if st := structOf(t); st != nil {
				for i := range st.NumFields() {
					add(st.Field(i))
					if st.Field(i).Embedded() {
						next = append(next, st.Field(i).Type())
					}
				}
			}
			for i := range set.Len() {
				add(set.At(i).Obj())
			}
		}
		level = next
	}
	return out
}
