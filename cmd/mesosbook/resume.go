package main

import (
	"context"
	"errors"
	"fmt"

	"mesosbook/kernel"
	"mesosbook/session"
)

// redeclare runs the declarations of the earlier cells again, one cell for each
// that had some, and gives the number of cells that ran. Statements and
// variables are left out: they had effects, and their values are gone.
func (nb *notebook) redeclare(ctx context.Context, kept *store) (int, error) {
	cells, err := kept.records()
	if err != nil {
		return 0, err
	}
	last := 0
	for _, c := range cells {
		declared := kernel.Declarations(c.Code)
		if declared == "" {
			continue
		}
		// What no longer compiles depends on a variable that is gone; the
		// user meets the compiler's message when it is used.
		last = nb.Kernel.Run(ctx, declared).Cell
	}
	return last, nil
}

// resume subscribes as the framework that the store knows and tells how it went.
func (nb *notebook) resume(ctx context.Context) {
	s, err := nb.Session(ctx)
	if err != nil {
		nb.notice(fmt.Sprintf("resume %s: %v", nb.store.name(), err))
		return
	}
	answer, err := s.Resubscribe(ctx)
	if err == nil {
		err = answer.Err()
	}
	if err != nil {
		next := "; resubscribe() tries again"
		if errors.Is(err, session.ErrRemoved) {
			next = ""
		}
		nb.notice(fmt.Sprintf("resume %s: %v%s", nb.store.name(), err, next))
		return
	}
	nb.notice(fmt.Sprintf("session %s goes on: %s and %s are known, functions, types and constants are back; variables are not",
		nb.store.name(), counted(len(s.Events(nil)), "event"), counted(len(s.Tasks()), "task")))
}

// counted is a number with its noun: 1 task, 2 tasks.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}
