// Package recordio frames the records of the event streams of Mesos' HTTP APIs.
//
// A record on the wire is its length in bytes as a decimal number, a newline, and
// the bytes; nothing stands between a record and the next length:
//
//	20\n{"type":"HEARTBEAT"}795\n{"type":"OFFERS",...
//
// That is the format of "RecordIO response format" in the scheduler HTTP API v1
// page of Mesos 1.12. The frames need not agree with the chunks of HTTP, and what
// a record holds (JSON or protobuf) is not looked at.
//
// A [Reader] tells a stream that ended (io.EOF, only between two records) from
// one that was cut or is no RecordIO (*[Error], with the byte position), bounds
// the length of a record, and never sets aside memory for bytes that have not
// come. A [Writer] writes each record with a single call of Write.
package recordio
