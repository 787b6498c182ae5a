package kernel

import "testing"

func TestDeclarations(t *testing.T) {
	for _, c := range []struct{ code, want string }{
		{"", ""},
		{"x := 1\nfmt.Println(x)", ""},
		{"var x = launch()", ""},
		{"import \"fmt\"\nx := 1\nfunc f() int { return x }\nfmt.Println(f())", "import \"fmt\"\nfunc f() int { return x }"},
		{"type T struct {\n\tA int\n}; const c = 1; T{c}", "type T struct {\n\tA int\n}\nconst c = 1"},
		{"func() { println(1) }()", ""},
		{"func (t T) M() {}", "func (t T) M() {}"},
	} {
		if got := Declarations(c.code); got != c.want {
			t.Errorf("Declarations(%q) = %q, want %q", c.code, got, c.want)
		}
	}
}
