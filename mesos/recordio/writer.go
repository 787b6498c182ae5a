package recordio

import (
	"io"
	"strconv"
)

// keptBuffer is the largest buffer a Writer keeps for the next record, in bytes.
const keptBuffer = 1 << 20

// WriterOptions are the settings of a [Writer]; the zero value is fine.
type WriterOptions struct {
	// Flush is called after each record, for instance the Flush of an
	// http.ResponseController; nil for none. Its error is WriteRecord's.
	Flush func() error
}

// A Writer puts records on a stream. It is for one goroutine at a time.
type Writer struct {
	dst   io.Writer
	flush func() error
	buf   []byte
	err   error // the first error: what follows a broken record means nothing
}

// NewWriter gives a Writer to dst.
func NewWriter(dst io.Writer, opts WriterOptions) *Writer {
	return &Writer{dst: dst, flush: opts.Flush}
}

// WriteRecord frames record and writes it with one call of Write, so that over
// HTTP it is one chunk as Mesos sends it, and then flushes. After an error, which
// is that of the stream, the stream is broken: every further call gives it again.
func (w *Writer) WriteRecord(record []byte) error {
	if w.err == nil {
		w.buf = Append(w.buf[:0], record)
		w.err = w.write(w.buf)
		if cap(w.buf) > keptBuffer {
			w.buf = nil
		}
	}
	return w.err
}

// WriteFramed writes what [Append] made, as WriteRecord would: for one record
// that goes to many streams.
func (w *Writer) WriteFramed(framed []byte) error {
	if w.err == nil {
		w.err = w.write(framed)
	}
	return w.err
}

func (w *Writer) write(framed []byte) error {
	n, err := w.dst.Write(framed)
	switch {
	case err != nil:
		return err
	case n != len(framed):
		return io.ErrShortWrite
	case w.flush != nil:
		return w.flush()
	}
	return nil
}

// Append appends record with its frame to dst, which may be nil.
func Append(dst, record []byte) []byte {
	dst = strconv.AppendInt(dst, int64(len(record)), 10)
	dst = append(dst, '\n')
	return append(dst, record...)
}
