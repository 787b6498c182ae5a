package session

import (
	"io"
	"unsafe"

	"mesosbook/mesos/recordio"
)

// keepBuffer is the largest read buffer that is used again, in bytes.
const keepBuffer = 1 << 20

// recordSource reads the records of a stream into a buffer that it uses again.
type recordSource struct {
	r   *recordio.Reader
	buf []byte
}

func (s *Session) newRecordSource(body io.Reader) *recordSource {
	return &recordSource{r: recordio.NewReader(body, recordio.ReaderOptions{MaxRecord: int64(s.opt.MaxRecord)})}
}

// next gives the next record. The error is io.EOF when the stream ended between
// two records. A small record is copied out of the buffer; a large one keeps the
// memory it was read into, so that there is no second one of its size.
func (r *recordSource) next() (string, error) {
	raw, err := r.r.ReadRecord(r.buf[:0])
	if err != nil {
		return "", err
	}
	if cap(raw) > keepBuffer {
		r.buf = nil
		return unsafe.String(unsafe.SliceData(raw), len(raw)), nil // nobody writes to it again
	}
	r.buf = raw
	return string(raw), nil
}
