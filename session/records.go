package session

import (
	"io"

	"mesosbook/mesos/recordio"
)

// keepBuffer is the largest read buffer that is kept between records, in bytes.
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
// two records.
func (r *recordSource) next() (string, error) {
	raw, err := r.r.ReadRecord(r.buf[:0])
	if err != nil {
		return "", err
	}
	text := string(raw)
	r.buf = raw
	if cap(raw) > keepBuffer {
		r.buf = nil
	}
	return text, nil
}
