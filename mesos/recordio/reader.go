package recordio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
)

// DefaultMaxRecord is the longest record a Reader takes if not told otherwise,
// in bytes: 64 MiB. An OFFERS event with 200 offers has about 160 KB; the state
// in an operator's SUBSCRIBED event of a large cluster has some tens of MB.
const DefaultMaxRecord = 64 << 20

const (
	bufferSize = 32 << 10 // bytes read ahead
	firstAlloc = 64 << 10 // bytes set aside for a record before any of it came
	maxHeader  = 32       // bytes of a length: 20 digits of a uint64, and some zeros
)

// What an [Error] wraps when the stream is not RecordIO, beside
// io.ErrUnexpectedEOF for a stream that was cut and the errors of the source.
var (
	ErrLength  = errors.New("malformed record length")
	ErrTooLong = errors.New("record too long")
)

// An Error says where a stream broke, and how. It wraps [ErrLength],
// [ErrTooLong], io.ErrUnexpectedEOF, or what the source of the bytes gave.
type Error struct {
	Offset int64  // bytes of the stream before the fault; for a length, before its first digit
	Detail string // what was found: `length "12x"`
	Err    error  // the kind of fault
}

func (e *Error) Error() string {
	return fmt.Sprintf("read record at byte %d: %s: %v", e.Offset, e.Detail, e.Err)
}

// Unwrap gives the kind of fault.
func (e *Error) Unwrap() error { return e.Err }

// ReaderOptions are the settings of a [Reader]; the zero value is fine.
type ReaderOptions struct {
	MaxRecord int64 // longest record taken, in bytes; 0 or less is DefaultMaxRecord
}

// A Reader takes records off a stream. It is for one goroutine at a time.
type Reader struct {
	src    *bufio.Reader
	max    int64
	offset int64 // bytes taken so far
	err    error // the first error, given again for good
	header [maxHeader]byte
}

// NewReader gives a Reader of src. It reads ahead, so src is the Reader's alone.
func NewReader(src io.Reader, opts ReaderOptions) *Reader {
	if opts.MaxRecord <= 0 {
		opts.MaxRecord = DefaultMaxRecord
	}
	return &Reader{src: bufio.NewReaderSize(src, bufferSize), max: opts.MaxRecord}
}

// Offset is how many bytes of the stream were taken: between records, where the
// next one begins.
func (r *Reader) Offset() int64 { return r.offset }

// ReadRecord gives the next record, in the memory of buf if it is large enough
// and otherwise in new memory; nil always gives new memory. A record of no bytes
// is a slice of length 0.
//
// The error is io.EOF if the stream ended between two records, otherwise an
// *[Error]; either comes again on every further call. Memory is set aside as
// bytes arrive, at most twice as much: a length alone costs nothing.
func (r *Reader) ReadRecord(buf []byte) ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	n, err := r.readLength()
	if err == nil {
		buf, err = r.readBody(buf[:0], n)
	}
	if err != nil {
		r.err = err
		return nil, err
	}
	return buf, nil
}

// readLength reads digits up to a newline. Leading zeros are fine, as in Mesos;
// a sign, white space, a carriage return or no digit at all are not.
func (r *Reader) readLength() (int64, error) {
	start := r.offset
	var n uint64
	header := r.header[:0]
	for {
		c, err := r.src.ReadByte()
		if err != nil {
			return 0, r.headerEnded(start, header, err)
		}
		r.offset++
		switch {
		case c == '\n' && len(header) > 0:
			return r.checkLength(start, n, header)
		case c < '0' || c > '9' || len(header) == maxHeader:
			return 0, lengthError(start, append(header, c), ErrLength)
		}
		header = append(header, c)
		n = appendDigit(n, c)
	}
}

// appendDigit gives 10n plus the digit c; what is beyond 64 bits stays beyond
// any limit.
func appendDigit(n uint64, c byte) uint64 {
	if n > (math.MaxUint64-9)/10 {
		return math.MaxUint64
	}
	return 10*n + uint64(c-'0')
}

func (r *Reader) checkLength(start int64, n uint64, header []byte) (int64, error) {
	if n > uint64(r.max) {
		return 0, lengthError(start, header, fmt.Errorf("%w: more than %d bytes", ErrTooLong, r.max))
	}
	return int64(n), nil
}

func lengthError(start int64, header []byte, kind error) error {
	return &Error{Offset: start, Detail: fmt.Sprintf("length %q", header), Err: kind}
}

// headerEnded turns an error of the source into the Reader's: io.EOF stands only
// where a record could have begun.
func (r *Reader) headerEnded(start int64, header []byte, err error) error {
	switch {
	case err == io.EOF && len(header) == 0:
		return io.EOF
	case len(header) == 0:
		return &Error{Offset: start, Detail: "between records", Err: err}
	}
	return &Error{Offset: r.offset, Detail: fmt.Sprintf("length %q has no end", header), Err: unexpected(err)}
}

// readBody reads n bytes to the end of buf, which is empty.
func (r *Reader) readBody(buf []byte, n int64) ([]byte, error) {
	for int64(len(buf)) < n {
		if len(buf) == cap(buf) {
			buf = grow(buf, n)
		}
		part := buf[len(buf):min(int64(cap(buf)), n)]
		got, err := io.ReadFull(r.src, part)
		buf = buf[:len(buf)+got]
		r.offset += int64(got)
		if err != nil {
			detail := fmt.Sprintf("got %d of %d bytes", len(buf), n)
			return nil, &Error{Offset: r.offset, Detail: detail, Err: unexpected(err)}
		}
	}
	if buf == nil {
		buf = []byte{}
	}
	return buf, nil
}

// grow gives a copy of buf with room for as much again, but not for more than n:
// so a record is copied less than once on the whole.
func grow(buf []byte, n int64) []byte {
	size := min(max(2*int64(cap(buf)), firstAlloc), n)
	return append(make([]byte, 0, size), buf...)
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
