package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"mesosbook/session"
)

// errDeclined is a call that the user did not want after all.
var errDeclined = errors.New("not sent, as you said")

// confirm lets a call through that hits what this session did not start: on the
// embedded cluster, which is the user's own, always; elsewhere after a question,
// or with --yes.
func (nb *notebook) confirm(ctx context.Context, h session.Hit) error {
	if nb.flags.yes || nb.isEmbedded(h.URL) {
		return nil
	}
	if nb.ask == nil {
		return fmt.Errorf("refused: %s, which this session did not start; --yes lets such calls through", h)
	}
	yes, err := nb.ask(ctx, fmt.Sprintf("%s, which this session did not start.\nSend it?", h))
	switch {
	case err != nil:
		return fmt.Errorf("not sent: %s, which this session did not start: %w", h, err)
	case !yes:
		return errDeclined
	}
	return nil
}

// isEmbedded tells whether a URL leads to the embedded cluster.
func (nb *notebook) isEmbedded(target string) bool {
	nb.mu.Lock()
	c := nb.embedded
	nb.mu.Unlock()
	if c == nil {
		return false
	}
	return slices.ContainsFunc(append(c.AgentURLs(), c.MasterURLs()...), func(own string) bool {
		return hostOf(own) == hostOf(target)
	})
}

// hostOf is the host and port of a URL.
func hostOf(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return strings.Replace(u.Host, "localhost:", "127.0.0.1:", 1)
}
