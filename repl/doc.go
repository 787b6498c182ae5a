// Package repl is the terminal of the notebook: prompt, editing, completion,
// colour, paging, ':' commands and notices from the background. It runs cells
// through the small Kernel interface and knows nothing of Mesos.
//
// There are three ways of reading, chosen by Options:
//
//   - a terminal: chzyer/readline decodes keys and keeps the line being typed,
//     which is a whole cell of several lines; this package draws it (screen.go,
//     layout.go), because readline can draw neither several lines nor wide
//     characters nor a narrow window;
//   - a dumb terminal: prompts, no escape sequence;
//   - a pipe: no prompt, no echo, errors to Err.
//
// Rules it keeps: everything that reaches the terminal goes through one screen
// under one mutex, so that nothing tears the line being typed; a background
// notice never blocks its caller; colour and escapes appear on a terminal only.
package repl
