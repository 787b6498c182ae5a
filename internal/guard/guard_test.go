package guard

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "mesosbook"

// layers is the import table: a package may import those of its own layer's
// list, and everything below its own top-level folder. A key is the longest
// matching path.
var layers = map[string][]string{
	"mesos":              {},
	"mesos/v1":           {},
	"mesos/recordio":     {},
	"internal":           {},
	"internal/e2e":       {"mesos", "internal", "resources", "session", "cluster"},
	"resources":          {"mesos", "internal"},
	"snippets":           {"mesos", "internal"},
	"session":            {"mesos/recordio", "internal"},
	"cluster":            {"mesos", "internal", "resources"},
	"cluster/libprocess": {"internal"},
	"cluster/election":   {"mesos", "internal"},
	"cluster/pages":      {"mesos", "cluster/resources"},
	"cluster/glog":       {},
	"cluster/registry":   {"mesos", "internal"},
	"cluster/master":     {"mesos", "internal", "cluster/glog", "cluster/link", "cluster/pages", "cluster/libprocess", "cluster/registry", "cluster/resources"},
	"cluster/agent":      {"mesos", "internal", "cluster/glog", "cluster/link", "cluster/pages", "cluster/libprocess", "cluster/resources"},
	"cluster/webui":      {},
	"kernel":             {"internal"},
	"kernel/names":       {"internal", "resources", "snippets", "session", "kernel"},
	"repl":               {"internal", "resources", "snippets", "session", "kernel"},
	"cmd":                {"mesos", "internal", "resources", "snippets", "session", "cluster", "kernel", "repl"},
}

// only says which folder alone may import a library.
var only = map[string]string{
	"github.com/traefik/yaegi":   "kernel",
	"github.com/chzyer/readline": "repl",
	"github.com/fatih/color":     "repl",
	"github.com/spf13/cobra":     "cmd",
	"github.com/go-zookeeper/zk": "session cluster/election internal/e2e",
	"google.golang.org/protobuf": "mesos cluster",
	"testing/synctest":           "internal/simtime",
}

type source struct {
	dir     string // relative to the module's root, slashes
	file    string
	test    bool
	imports []string
	doc     string
}

func TestImportsGoDownward(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range s.imports {
			if !allowed(s, imp) {
				t.Errorf("%s imports %s, which its layer must not", path.Join(s.dir, s.file), imp)
			}
		}
	}
}

func TestEveryPackageHasADoc(t *testing.T) {
	docs := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		docs[s.dir] = docs[s.dir] || s.doc != ""
	}
	for dir, documented := range docs {
		if !documented {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestTableNamesRealFolders(t *testing.T) {
	for dir := range layers {
		if _, err := os.Stat(filepath.Join(root, dir)); err != nil {
			t.Errorf("the import table names %s: %v", dir, err)
		}
	}
}

const root = "../.."

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "testdata" || (strings.HasPrefix(name, ".") && p != root)) {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".go") {
			all = append(all, read(t, p))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("found %d Go files; is this the module's root?", len(all))
	}
	return all
}

func read(t *testing.T, file string) source {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(root, file)
	if err != nil {
		t.Fatal(err)
	}
	s := source{
		dir:  path.Dir(filepath.ToSlash(rel)),
		file: path.Base(filepath.ToSlash(rel)),
		test: strings.HasSuffix(file, "_test.go"),
		doc:  f.Doc.Text(),
	}
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		s.imports = append(s.imports, p)
	}
	return s
}

func allowed(s source, imp string) bool {
	if owners, ok := owner(imp); ok {
		return slices.ContainsFunc(strings.Fields(owners), func(o string) bool { return within(s.dir, o) })
	}
	rest, ours := strings.CutPrefix(imp, module+"/")
	if !ours {
		return true
	}
	layer := layerOf(s.dir)
	return within(rest, layer) ||
		slices.ContainsFunc(layers[layer], func(low string) bool { return within(rest, low) })
}

func owner(imp string) (string, bool) {
	for lib, owners := range only {
		if within(imp, lib) {
			return owners, true
		}
	}
	return "", false
}

// layerOf is the longest key of the table that holds dir.
func layerOf(dir string) string {
	for d := dir; d != "."; d = path.Dir(d) {
		if _, ok := layers[d]; ok {
			return d
		}
	}
	return dir
}

func within(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }
