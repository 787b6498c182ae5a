package main

import (
	"context"
	"os"
	"os/signal"
)

// interruptible gives a context that ends with the first SIGINT; a second one
// ends the program as the system would.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt)
}
