package kernel

import (
	"context"
	"fmt"
	"testing"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

func BenchmarkRawEval(b *testing.B) {
	i := interp.New(interp.Options{})
	if err := i.Use(stdlib.Symbols); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := i.Eval("1 + 1"); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkSession(b *testing.B, cells int, cell string) {
	k, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	for i := range cells {
		src := fmt.Sprintf("type T%d struct{ A, B int }\nfunc f%d(x int) int { return x + %d }\nv%d := f%d(%d)", i, i, i, i, i, i)
		if r := k.Run(context.Background(), src); r.Err != nil {
			b.Fatal(r.Err)
		}
	}
	for b.Loop() {
		if r := k.Run(context.Background(), cell); r.Err != nil {
			b.Fatal(r.Err)
		}
	}
}

func BenchmarkCell(b *testing.B)         { benchmarkSession(b, 0, "1 + 1") }
func BenchmarkCellAfter500(b *testing.B) { benchmarkSession(b, 500, "1 + 1") }
func BenchmarkDefineCell(b *testing.B) {
	benchmarkSession(b, 0, "func g(x int) int { return x * 2 }\ny := g(4)\ny")
}
func BenchmarkDefineCellAfter500(b *testing.B) {
	benchmarkSession(b, 500, "func g(x int) int { return x * 2 }\ny := g(4)\ny")
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		k, err := New(Options{})
		if err != nil {
			b.Fatal(err)
		}
		k.Close()
	}
}

func BenchmarkRawNew(b *testing.B) {
	for b.Loop() {
		if err := interp.New(interp.Options{}).Use(stdlib.Symbols); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoop(b *testing.B) {
	benchmarkSession(b, 0, "s := 0\nfor i := 0; i < 100000; i++ { s += i }")
}

func BenchmarkFib(b *testing.B) {
	benchmarkSession(b, 0, "func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }\nfib(15)")
}
