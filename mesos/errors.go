package mesos

import "errors"

// A SyntaxError says that the input is not one JSON text, in Mesos' words:
// "syntax error at line 1 near: x", "Value out of range", or
// "Parsed JSON included non-whitespace trailing characters: x".
type SyntaxError struct {
	Text string
}

// Error is the text alone, without a prefix.
func (e *SyntaxError) Error() string { return e.Text }

// A ConvertError says that the input is JSON but not the message wanted, in
// Mesos' words: "Expecting a JSON object", "Missing required fields: a.b, c[0].d",
// "Not expecting a JSON string for field 'x'" and so on. The field is named
// without its path.
type ConvertError struct {
	Text string
}

// Error is the text alone, without a prefix.
func (e *ConvertError) Error() string { return e.Text }

// BodyRefusal is the text of the 400 answer to a request body that [Unmarshal]
// refused with err; message is the name Mesos gives the target, such as "Call".
// An error of another kind gives its own text.
func BodyRefusal(err error, message string) string {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return "Failed to parse body into JSON: " + syntax.Text
	}
	var convert *ConvertError
	if errors.As(err, &convert) {
		return "Failed to convert JSON into " + message + " protobuf: " + convert.Text
	}
	return err.Error()
}

func convertError(text string) error { return &ConvertError{Text: text} }

func unexpected(jsonType, field string) error {
	return convertError("Not expecting a JSON " + jsonType + " for field '" + field + "'")
}
