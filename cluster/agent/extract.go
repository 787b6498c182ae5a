package agent

import (
	"archive/tar"
	"archive/zip"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// extract unpacks an archive, known by the end of its name, into root. known is
// false, and nothing done, for any other file. No entry can leave root, neither by
// its name nor by a link that an earlier entry made.
func extract(ctx context.Context, archive *os.File, name string, root *os.Root) (known bool, err error) {
	in := reader{ctx, archive}
	switch kind := archiveKind(name); kind {
	case "":
		return false, nil
	case ".zip":
		return true, unzip(ctx, archive, root)
	case ".gz":
		return true, gunzip(in, strings.TrimSuffix(filepath.Base(name), ".gz"), root)
	default:
		return true, untarCompressed(ctx, in, kind, root)
	}
}

// archiveKind is the suffix of an archive's name (launcher/fetcher.cpp: extract),
// "" for no archive. Case counts.
func archiveKind(name string) string {
	for _, suffix := range []string{".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip", ".gz"} {
		if strings.HasSuffix(name, suffix) {
			return suffix
		}
	}
	return ""
}

func untarCompressed(ctx context.Context, in io.Reader, kind string, root *os.Root) error {
	switch kind {
	case ".tgz", ".tar.gz":
		z, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		return untar(z, root)
	case ".tbz2", ".tar.bz2":
		return untar(bzip2.NewReader(in), root)
	case ".txz", ".tar.xz":
		return untarXZ(ctx, in, root)
	}
	return untar(in, root)
}

// untarXZ leaves the decompression to the program xz: the Go library has none.
func untarXZ(ctx context.Context, in io.Reader, root *os.Root) error {
	tool, err := exec.LookPath("xz")
	if err != nil {
		return errors.New("the program xz is not there; install xz-utils on this machine, or use a .tar.gz")
	}
	cmd := exec.CommandContext(ctx, tool, "-dc")
	cmd.Stdin = in
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = untar(out, root)
	_, _ = io.Copy(io.Discard, out) // padding after the last entry
	if werr := cmd.Wait(); err == nil {
		err = werr
	}
	return err
}

func untar(in io.Reader, root *os.Root) error {
	r := tar.NewReader(in)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := untarEntry(h, r, root); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

func untarEntry(h *tar.Header, content io.Reader, root *os.Root) error {
	name, err := localName(h.Name)
	if err != nil || name == "." {
		return err
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode := h.FileInfo().Mode().Perm()
	switch h.Typeflag {
	case tar.TypeDir:
		if err := root.MkdirAll(name, 0o755); err != nil {
			return err
		}
		return root.Chmod(name, mode|0o700)
	case tar.TypeReg:
		return writeEntry(root, name, mode, content)
	case tar.TypeSymlink:
		_ = root.Remove(name) // what is in the way
		return root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		target, err := localName(h.Linkname)
		if err != nil {
			return err
		}
		_ = root.Remove(name) // what is in the way
		return root.Link(target, name)
	}
	return nil // devices and pipes are left out
}

// localName refuses names that lead out of the directory.
func localName(name string) (string, error) {
	name = filepath.Clean(strings.TrimLeft(name, "/"))
	if !filepath.IsLocal(name) {
		return "", mesosErrorf("Path contains '..'")
	}
	return name, nil
}

func writeEntry(root *os.Root, name string, mode fs.FileMode, content io.Reader) error {
	_ = root.Remove(name) // a link in the way is not written through
	out, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, content); err != nil {
		out.Close()
		return err
	}
	if err := out.Chmod(mode); err != nil { // whatever the umask is
		out.Close()
		return err
	}
	return out.Close()
}

func gunzip(in io.Reader, name string, root *os.Root) error {
	z, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	return writeEntry(root, name, 0o644, z)
}

func unzip(ctx context.Context, archive *os.File, root *os.Root) error {
	info, err := archive.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(archive, info.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return err
	}
	for _, f := range z.File {
		if err := unzipEntry(ctx, f, root); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func unzipEntry(ctx context.Context, f *zip.File, root *os.Root) error {
	name, err := localName(f.Name)
	if err != nil || name == "." {
		return err
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if f.FileInfo().IsDir() {
		return root.MkdirAll(name, 0o755)
	}
	content, err := f.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	if f.Mode()&fs.ModeSymlink != 0 {
		target, err := io.ReadAll(io.LimitReader(content, 4096))
		if err != nil {
			return err
		}
		_ = root.Remove(name) // what is in the way
		return root.Symlink(string(target), name)
	}
	mode := f.Mode().Perm()
	if mode == 0 {
		mode = 0o644
	}
	return writeEntry(root, name, mode, reader{ctx, content})
}
