package recordio_test

import (
	"fmt"
	"io"
	"os"
	"strings"

	"mesosbook/mesos/recordio"
)

func ExampleReader() {
	r := recordio.NewReader(strings.NewReader("20\n{\"type\":\"HEARTBEAT\"}5\nhel"), recordio.ReaderOptions{})
	for {
		record, err := r.ReadRecord(nil)
		if err == io.EOF {
			return // ended between two records
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s\n", record)
	}
	// Output:
	// {"type":"HEARTBEAT"}
	// read record at byte 28: got 3 of 5 bytes: unexpected EOF
}

func ExampleWriter() {
	w := recordio.NewWriter(os.Stdout, recordio.WriterOptions{})
	for _, record := range []string{`{"type":"HEARTBEAT"}`, `{"type":"ERROR"}`} {
		if err := w.WriteRecord([]byte(record)); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 20
	// {"type":"HEARTBEAT"}16
	// {"type":"ERROR"}
}
