package master

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"mesosbook/cluster/libprocess"
	"mesosbook/mesos"
	masterv1 "mesosbook/mesos/v1/master"

	"google.golang.org/protobuf/proto"
)

// logPath is the one path that a master has for the files API.
const logPath = "/master/log"

// pageBytes bounds one answer of /files/read: 16 pages (files.cpp:680).
const pageBytes = 65536

// openLog opens the log behind a virtual path; nil when there is none.
func (m *Master) openLog(path string) *os.File {
	if strings.TrimSuffix(path, "/") != logPath || m.opts.LogPath == "" {
		return nil
	}
	f, err := os.Open(m.opts.LogPath)
	if err != nil {
		return nil
	}
	return f
}

// filePath is what ?path= names; it answers itself when that is missing.
func (req *request) filePath() (string, bool) {
	path, _ := req.query.Get("path")
	if path == "" {
		req.text(http.StatusBadRequest, "Expecting 'path=value' in query.\n")
	}
	return path, path != ""
}

// browseFile lists a directory; a file has nothing to list.
func (m *Master) browseFile(req *request) {
	path, ok := req.filePath()
	if !ok {
		return
	}
	f := m.openLog(path)
	if f == nil {
		req.text(http.StatusNotFound, "")
		return
	}
	f.Close()
	req.json([]byte("[]"))
}

func (m *Master) readFile(req *request) {
	path, ok := req.filePath()
	if !ok {
		return
	}
	offset, err := libprocess.FileNumber(req.query, "offset")
	if err != nil {
		req.text(http.StatusBadRequest, err.Error())
		return
	}
	length, err := libprocess.FileNumber(req.query, "length")
	if err != nil {
		req.text(http.StatusBadRequest, err.Error())
		return
	}
	f := m.openLog(path)
	if f == nil {
		req.text(http.StatusNotFound, "")
		return
	}
	defer f.Close()
	data, at, _, err := readAt(f, offset, length)
	if err != nil {
		req.fail(http.StatusInternalServerError, "")
		return
	}
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	e.Key("data").String(string(data))
	e.Key("offset").Int(at)
	e.EndObject()
	req.json(e.Bytes())
}

// readAt reads a page from offset; without one it only tells the size.
func readAt(f *os.File, offset, length int64) (data []byte, at, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, 0, err
	}
	size = info.Size()
	if offset < 0 {
		return nil, size, size, nil
	}
	if offset >= size {
		return nil, offset, size, nil
	}
	if length < 0 || length > pageBytes {
		length = pageBytes
	}
	data = make([]byte, min(length, size-offset))
	n, err := f.ReadAt(data, offset)
	if err == io.EOF {
		err = nil
	}
	return data[:n], offset, size, err
}

func (m *Master) downloadFile(req *request) {
	path, ok := req.filePath()
	if !ok {
		return
	}
	f := m.openLog(path)
	if f == nil {
		req.fail(http.StatusNotFound, "")
		return
	}
	defer f.Close()
	req.w.Header().Set("Content-Type", libprocess.ContentType(m.opts.LogPath))
	req.w.Header().Set("Content-Disposition", "attachment; filename="+filepath.Base(m.opts.LogPath))
	_, _ = io.Copy(req.w, f) // a client that left is no error of ours
}

// debugFiles tells where virtual paths lead.
func (m *Master) debugFiles(req *request) {
	e := mesos.NewEncoder(nil)
	e.BeginObject()
	if m.opts.LogPath != "" {
		e.Key(logPath).String(m.opts.LogPath)
	}
	e.EndObject()
	req.json(e.Bytes())
}

// readFiles does the operator API's file calls.
func (m *Master) readFiles(c *masterv1.Call) (reply, bool) {
	switch c.GetType() {
	case masterv1.Call_LIST_FILES:
		f := m.openLog(c.GetListFiles().GetPath())
		if f == nil {
			return refused(http.StatusNotFound, ""), true
		}
		f.Close()
		return answer(&masterv1.Response{Type: masterv1.Response_LIST_FILES.Enum(), ListFiles: &masterv1.Response_ListFiles{}}), true
	case masterv1.Call_READ_FILE:
		b := c.GetReadFile()
		f := m.openLog(b.GetPath())
		if f == nil {
			return refused(http.StatusNotFound, ""), true
		}
		defer f.Close()
		length := int64(-1)
		if b.Length != nil {
			length = int64(min(b.GetLength(), pageBytes))
		}
		data, _, size, err := readAt(f, int64(min(b.GetOffset(), 1<<62)), length)
		if err != nil {
			return refused(http.StatusInternalServerError, ""), true
		}
		if data == nil {
			data = []byte{} // there, though empty
		}
		return answer(&masterv1.Response{Type: masterv1.Response_READ_FILE.Enum(), ReadFile: &masterv1.Response_ReadFile{Size: proto.Uint64(uint64(size)), Data: data}}), true
	}
	return reply{}, false
}
