// Package mesos is the JSON of the Mesos v1 HTTP API: it reads and writes the
// messages of mesos/v1 by Mesos' own rules, which are not those of protojson.
//
// The rules are those of Apache Mesos 1.12 (stout's protobuf.hpp, json.hpp and
// jsonify.hpp, on picojson and rapidjson). Reading, with [Unmarshal]:
//
//   - Fields go by their proto name; unknown fields are ignored, null is unset,
//     and of two equal keys the last counts.
//   - A repeated field takes one value for a list, and nested lists are flattened.
//   - Numbers and booleans may be strings ("0.1", "true"), fractions are cut off
//     for integers, enums go by name, bytes are base64 with or without padding.
//   - An enum name that is not known is dropped, unless the field is required.
//   - Keys are visited in sorted order, so of several faults the first by name
//     is told. The texts are exact: clients and their tests compare them.
//
// Writing, with [Marshal]:
//
//   - Fields come in the order of their declaration, keys of maps sorted.
//   - Optional fields with an explicit default that is not deprecated are always
//     written; other unset fields, empty lists and empty maps are not.
//   - Doubles always have a point or an exponent (15.0), 64-bit integers are
//     numbers, and '/' is not escaped.
//
// [UnmarshalBinary] reads application/x-protobuf as closely.
//
// The pages of a master and an agent that are no protobuf messages are written
// with the same [Encoder]. Records on a stream are framed by mesos/recordio.
package mesos
