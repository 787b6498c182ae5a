package resources

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestContentArchive holds content.tar.gz against the folder content/, or
// rebuilds it from there (go generate passes -update).
func TestContentArchive(t *testing.T) {

	want := archive(t, os.DirFS("content"))
	if *update {
		if err := os.WriteFile("content.tar.gz", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := embedded.ReadFile("content.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	// Compared unpacked: how gzip packs may differ between Go versions.
	if diff := cmp.Diff(unpack(t, want), unpack(t, got)); diff != "" && !*update {
		t.Errorf("content.tar.gz is not what content/ gives; run go generate ./resources\n%s", diff)
	}
}

var update = flag.Bool("update", false, "rebuild content.tar.gz from content/")

// archive packs the folder the same way each time: sorted, no owner, one time.
func archive(t *testing.T, dir fs.FS) []byte {
	t.Helper()
	var buf bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	tw := tar.NewWriter(zw)
	err := fs.WalkDir(dir, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		return addTo(tw, dir, name, e)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func addTo(tw *tar.Writer, dir fs.FS, name string, e fs.DirEntry) error {
	h := &tar.Header{Name: name, Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
	var data []byte
	if e.IsDir() {
		h.Typeflag, h.Name, h.Mode = tar.TypeDir, name+"/", 0o755
	} else {
		info, err := e.Info()
		if err != nil {
			return err
		}
		if info.Mode()&0o100 != 0 {
			h.Mode = 0o755
		}
		if data, err = fs.ReadFile(dir, name); err != nil {
			return err
		}
		h.Typeflag, h.Size = tar.TypeReg, int64(len(data))
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	_, err := tw.Write(data)
	return err
}

type packed struct {
	Mode int64
	Data string
}

func unpack(t *testing.T, data []byte) map[string]packed {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]packed{}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = packed{h.Mode, string(text)}
	}
}
