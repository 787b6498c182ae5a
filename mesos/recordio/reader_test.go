package recordio

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readAll reads to the first error, each record in new memory.
func readAll(r *Reader) ([]string, error) {
	var records []string
	for {
		record, err := r.ReadRecord(nil)
		if err != nil {
			return records, err
		}
		records = append(records, string(record))
	}
}

func TestReadRecord(t *testing.T) {
	tests := []struct {
		name, stream string
		want         []string
	}{
		{"nothing", "", nil},
		{"one", "20\n{\"type\":\"HEARTBEAT\"}", []string{`{"type":"HEARTBEAT"}`}},
		{"several", "1\na2\nbc3\ndef", []string{"a", "bc", "def"}},
		{"empty record", "0\n1\na", []string{"", "a"}},
		{"newlines and digits inside", "4\n\n1\na1\nb", []string{"\n1\na", "b"}},
		{"length counts bytes", "6\nü\xff\x00é", []string{"ü\xff\x00é"}},
		{"leading zeros", "0003\nabc", []string{"abc"}},
		{"leading zeros to the limit", strings.Repeat("0", maxHeader-1) + "1\na", []string{"a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for name, src := range map[string]io.Reader{
				"whole":         strings.NewReader(test.stream),
				"byte by byte":  iotest.OneByteReader(strings.NewReader(test.stream)),
				"eof with data": iotest.DataErrReader(strings.NewReader(test.stream)),
			} {
				r := NewReader(src, ReaderOptions{})
				got, err := readAll(r)
				if err != io.EOF {
					t.Errorf("%s: got error %v, want io.EOF", name, err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s: records (-want +got):\n%s", name, diff)
				}
				if r.Offset() != int64(len(test.stream)) {
					t.Errorf("%s: offset %d, want %d", name, r.Offset(), len(test.stream))
				}
			}
		})
	}
}

func TestBrokenStreams(t *testing.T) {
	tests := []struct {
		name, stream string
		kind         error
		offset       int64
		text         string
	}{
		{"letter", "12x\n", ErrLength, 0, `read record at byte 0: length "12x": malformed record length`},
		{"empty length", "\nabc", ErrLength, 0, `read record at byte 0: length "\n": malformed record length`},
		{"carriage return", "3\r\nabc", ErrLength, 0, `length "3\r"`},
		{"space", " 3\nabc", ErrLength, 0, `length " "`},
		{"minus", "-1\n", ErrLength, 0, `length "-"`},
		{"plus", "+1\na", ErrLength, 0, `length "+"`},
		{"hexadecimal", "0x1\na", ErrLength, 0, `length "0x"`},
		{"JSON without a frame", `{"type":"HEARTBEAT"}`, ErrLength, 0, `length "{"`},
		{"second record", "1\na{}", ErrLength, 3, `at byte 3: length "{"`},
		{"newline after a record", "1\na\n1\nb", ErrLength, 3, `at byte 3: length "\n"`},
		{"endless zeros", strings.Repeat("0", 1000), ErrLength, 0, "malformed record length"},
		{"endless digits", strings.Repeat("9", 1000), ErrLength, 0, "malformed record length"},
		{"over the limit", "11\nhello world", ErrTooLong, 0, `length "11": record too long: more than 10 bytes`},
		{"2^31", "2147483648\n", ErrTooLong, 0, `length "2147483648"`},
		{"2^63-1", "9223372036854775807\n", ErrTooLong, 0, "record too long"},
		{"2^63", "9223372036854775808\n", ErrTooLong, 0, "record too long"},
		{"2^64", "18446744073709551616\n", ErrTooLong, 0, "record too long"},
		{"2^64 + 1, which must not wrap", "18446744073709551617\na", ErrTooLong, 0, "record too long"},
		{"10^31", "1" + strings.Repeat("0", 31) + "\n", ErrTooLong, 0, "record too long"},
		{"cut in a length", "1\na12", io.ErrUnexpectedEOF, 5, `read record at byte 5: length "12" has no end: unexpected EOF`},
		{"cut before a record", "5\n", io.ErrUnexpectedEOF, 2, "read record at byte 2: got 0 of 5 bytes: unexpected EOF"},
		{"cut in a record", "5\nab", io.ErrUnexpectedEOF, 4, "read record at byte 4: got 2 of 5 bytes: unexpected EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := NewReader(strings.NewReader(test.stream), ReaderOptions{MaxRecord: 10})
			_, err := readAll(r)
			var broken *Error
			if !errors.As(err, &broken) || !errors.Is(err, test.kind) {
				t.Fatalf("got %#v, want an *Error of %v", err, test.kind)
			}
			if broken.Offset != test.offset {
				t.Errorf("offset %d, want %d", broken.Offset, test.offset)
			}
			if !strings.Contains(err.Error(), test.text) {
				t.Errorf("text %q lacks %q", err, test.text)
			}
			if _, again := r.ReadRecord(nil); again != err {
				t.Errorf("second error %v, want the first again", again)
			}
		})
	}
}

// A stream cut anywhere gives the records that were whole, and says whether it
// ended between two records.
func TestCutAtEveryByte(t *testing.T) {
	records := []string{"a", "", "hello", strings.Repeat("x", 12)}
	var stream []byte
	whole := map[int]int{0: 0} // position between records -> records before it
	for i, record := range records {
		stream = Append(stream, []byte(record))
		whole[len(stream)] = i + 1
	}
	complete := 0
	for cut := range len(stream) + 1 {
		n, boundary := whole[cut]
		if boundary {
			complete = n
		}
		got, err := readAll(NewReader(iotest.OneByteReader(bytes.NewReader(stream[:cut])), ReaderOptions{}))
		if len(got) != complete {
			t.Errorf("cut at %d: %d records, want %d", cut, len(got), complete)
		}
		if boundary && err != io.EOF || !boundary && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: got error %v", cut, err)
		}
		var broken *Error
		if errors.As(err, &broken) && broken.Offset != int64(cut) {
			t.Errorf("cut at %d: error says byte %d", cut, broken.Offset)
		}
	}
}

func TestErrorsOfTheSource(t *testing.T) {
	reset := errors.New("connection reset")
	for _, stream := range []string{"", "1\na", "1\na1", "3\n", "3\nab"} {
		r := NewReader(io.MultiReader(strings.NewReader(stream), iotest.ErrReader(reset)), ReaderOptions{})
		_, err := readAll(r)
		var broken *Error
		if !errors.As(err, &broken) || !errors.Is(err, reset) || broken.Offset != int64(len(stream)) {
			t.Errorf("after %q: got %v", stream, err)
		}
	}
	// net/http says io.ErrUnexpectedEOF for a body that lacks its last chunk: no
	// clean end, also between two records.
	_, err := readAll(NewReader(io.MultiReader(strings.NewReader("1\na"), iotest.ErrReader(io.ErrUnexpectedEOF)), ReaderOptions{}))
	if err == io.EOF || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("body without its end: got %v", err)
	}
}

func TestReadRecordUsesTheBufferItIsGiven(t *testing.T) {
	r := NewReader(strings.NewReader("3\nabc2\nde9\nlonger rec"), ReaderOptions{})
	buf := make([]byte, 4)
	for _, want := range []string{"abc", "de"} {
		got, err := r.ReadRecord(buf)
		if err != nil || string(got) != want || &got[0] != &buf[0] {
			t.Errorf("got %q, %v; in the buffer: %v", got, err, &got[0] == &buf[0])
		}
	}
	if got, err := r.ReadRecord(buf); err != nil || string(got) != "longer re" {
		t.Errorf("record longer than the buffer: got %q, %v", got, err)
	}
}

// A length that promises much and a stream that gives little.
func TestALengthAloneCostsNothing(t *testing.T) {
	const arrived = 100 << 10
	stream := strconv.Itoa(DefaultMaxRecord) + "\n" + strings.Repeat("x", arrived)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := NewReader(strings.NewReader(stream), ReaderOptions{}).ReadRecord(nil)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("got error %v", err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 6*arrived {
		t.Errorf("%d bytes allocated for %d that arrived", got, arrived)
	}
}

func TestLargestRecord(t *testing.T) {
	record := bytes.Repeat([]byte("0123456789abcdef"), DefaultMaxRecord/16)
	framed := Append(nil, record)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := NewReader(bytes.NewReader(framed), ReaderOptions{}).ReadRecord(nil)
	runtime.ReadMemStats(&after)
	if err != nil || !bytes.Equal(got, record) {
		t.Fatalf("got %d bytes, %v", len(got), err)
	}
	if total := after.TotalAlloc - before.TotalAlloc; total > 2*DefaultMaxRecord+DefaultMaxRecord/8 {
		t.Errorf("%d bytes allocated for a record of %d", total, len(record))
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{"", "0\n", "5\nhello6\nworld!", "20\n{\"type\":\"HEARTBEAT\"}", "12x\n", "9223372036854775808\n", "007\nabcdefg1", "3\r\nabc"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		want, wantErr := readAll(NewReader(bytes.NewReader(stream), ReaderOptions{MaxRecord: 1 << 10}))
		got, err := readAll(NewReader(iotest.OneByteReader(bytes.NewReader(stream)), ReaderOptions{MaxRecord: 1 << 10}))
		if diff := cmp.Diff(want, got); diff != "" || wantErr.Error() != err.Error() {
			t.Errorf("byte by byte: error %v, want %v; records (-want +got):\n%s", err, wantErr, diff)
		}
		var framed []byte
		for _, record := range want {
			framed = Append(framed, []byte(record))
		}
		again, err := readAll(NewReader(bytes.NewReader(framed), ReaderOptions{}))
		if diff := cmp.Diff(want, again); diff != "" || err != io.EOF {
			t.Errorf("framed again: error %v; records (-want +got):\n%s", err, diff)
		}
	})
}
