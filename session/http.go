package session

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// request is one HTTP request to be sent.
type request struct {
	op      string // for errors and records: "post ACCEPT"
	method  string
	url     string
	header  http.Header
	body    []byte
	auto    bool      // sent by the session itself
	stream  io.Reader // sent in place of body, which then stands for it in records
	victims []victim  // what it hits, where its body does not name that

	// long answers are bounded by CallTimeout without progress, others as a whole.
	long bool
	sink io.Writer // gets the body of a 200 as it comes; nil: Answer.Body does
}

func newTransport(o Options) *http.Transport {
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: o.CallTimeout, KeepAlive: 15 * time.Second}).DialContext
	}
	return &http.Transport{
		DialContext:           dial,
		TLSClientConfig:       o.TLS,
		TLSHandshakeTimeout:   o.CallTimeout,
		MaxIdleConnsPerHost:   maxAcks + 4, // the user's calls beside them
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// open sends a request and gives the response with its body unread. The entry
// records the call; the caller finishes it.
func (s *Session) open(ctx context.Context, r request) (*http.Response, *CallRecord, error) {
	body := r.stream
	if body == nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: not a usable URL: %s", r.op, showURL(r.url))
	}
	if u := req.URL.User; u != nil {
		return nil, nil, fmt.Errorf("%s: credentials in the URL are not sent; give --principal, with --secret-file or MESOSBOOK_SECRET", r.op)
	}
	for k, v := range r.header {
		req.Header[k] = slices.Clone(v)
	}
	if s.cred.principal != "" && req.Header.Get("Authorization") == "" && s.trusts(req.URL.Host) {
		req.SetBasicAuth(s.cred.principal, s.cred.secret)
	}
	rec := s.recordCall(r)
	resp, err := s.client.Do(req)
	if err != nil {
		err = s.explain(ctx, r, err)
		s.finishCall(rec, 0, nil, err)
		return nil, rec, err
	}
	return resp, rec, nil
}

// explain turns net/http's error into one line that says what to do.
func (s *Session) explain(ctx context.Context, r request, err error) error {
	where := r.url
	if u, perr := url.Parse(r.url); perr == nil {
		where = u.Scheme + "://" + u.Host
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s %s: %w", r.op, where, cause)
	}
	cause := plainCause(err)
	return fmt.Errorf("%s %s: %w%s", r.op, where, cause, networkHint(cause, s.peerAt(where)))
}

// peer is what is known of a server.
type peer struct {
	noun string // what is thought to answer there
	met  bool   // it was led to or named by a master
}

// peerAt tells what is known of the server at a base URL.
func (s *Session) peerAt(base string) peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, agent := range s.agents {
		if agent == base {
			return peer{"the agent still", true}
		}
	}
	if given, _ := s.detector.(fixedMasters); s.leader == base || slices.Contains(given, base) {
		return peer{"a master", s.leader == base}
	}
	return peer{"a server", false}
}

// networkHint says what to look at after a failure to talk to a server.
func networkHint(cause error, to peer) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case isRefused(cause):
		return "; is " + to.noun + " running there?"
	case errors.As(cause, &unknown):
		return "; give the certificate of the CA that signed it: --cacert"
	case errors.As(cause, &host):
		return "; use the name that the certificate is for"
	case strings.Contains(cause.Error(), "tls: certificate required"), strings.Contains(cause.Error(), "tls: bad certificate"):
		return "; it wants a client certificate that it trusts: --cert and --key"
	case strings.Contains(cause.Error(), "HTTP response to HTTPS"):
		return "; it speaks http, not https"
	case errors.Is(cause, io.EOF), strings.Contains(cause.Error(), "malformed HTTP response"):
		return "; does it speak https, or is it no HTTP server?"
	case !to.met && (errors.Is(cause, syscall.ECONNRESET) || errors.Is(cause, syscall.EPIPE)):
		return "; it hung up: it may speak https, or want a client certificate (--cert and --key)"
	}
	return ""
}

// do sends a request and reads the whole answer, within CallTimeout.
func (s *Session) do(ctx context.Context, r request) (Answer, error) {
	if r.long {
		return s.doLong(ctx, r)
	}
	ctx, cancel := s.callContext(ctx)
	defer cancel()
	resp, rec, err := s.open(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	return s.readAnswer(ctx, r, resp, rec)
}

// doLong is do for an answer that may take longer: it ends CallTimeout after the
// last bytes came.
func (s *Session) doLong(ctx context.Context, r request) (Answer, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(s.life, func() { end(ErrClosed) })()
	idle := time.AfterFunc(s.opt.CallTimeout, func() { end(fmt.Errorf("no answer for %v", s.opt.CallTimeout)) })
	defer func() { idle.Stop() }()
	resp, rec, err := s.open(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	stalled := fmt.Errorf("nothing more came for %v", s.opt.CallTimeout)
	idle.Stop()
	idle = time.AfterFunc(s.opt.CallTimeout, func() { end(stalled) })
	resp.Body = progress{resp.Body, func() { idle.Reset(s.opt.CallTimeout) }}
	return s.readAnswer(ctx, r, resp, rec)
}

// errTooLarge is an answer beyond Options.MaxRecord.
var errTooLarge = errors.New("the answer is larger")

// progress is a body that tells when bytes came.
type progress struct {
	io.ReadCloser
	came func()
}

func (p progress) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if n > 0 {
		p.came()
	}
	return n, err
}

// callContext bounds ctx by CallTimeout and by the session's end.
func (s *Session) callContext(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := fmt.Errorf("no answer for %v", s.opt.CallTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, s.opt.CallTimeout, timeout)
	ctx, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.life, func() { end(ErrClosed) })
	return ctx, func() { stop(); end(nil); cancel() }
}

// readAnswer reads the rest of a response: at most MaxRecord bytes, or all of it
// where there is a sink.
func (s *Session) readAnswer(ctx context.Context, r request, resp *http.Response, rec *CallRecord) (Answer, error) {
	defer resp.Body.Close()
	var body []byte
	var err error
	if r.sink != nil && resp.StatusCode == http.StatusOK {
		_, err = io.Copy(r.sink, resp.Body)
	} else {
		body, err = io.ReadAll(io.LimitReader(resp.Body, int64(s.opt.MaxRecord)+1))
	}
	if err == nil && len(body) > s.opt.MaxRecord {
		err = fmt.Errorf("%w than %d bytes", errTooLarge, s.opt.MaxRecord)
	}
	if err != nil {
		err = s.explain(ctx, r, err)
	}
	s.finishCall(rec, resp.StatusCode, body, err)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Op: r.op, Status: resp.StatusCode, Header: resp.Header, Body: body, URL: r.url}, nil
}

// trusts tells whether credentials may go to a host: the masters that were
// given or led to, and the agents that they named.
func (s *Session) trusts(host string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hosts[host]
}

// ours tells whether credentials may go to a URL, now or once it is asked as one of
// the masters that were given.
func (s *Session) ours(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	s.mu.Lock()
	given, _ := s.detector.(fixedMasters)
	s.mu.Unlock()
	return slices.Contains(given, u.Scheme+"://"+u.Host) || s.trusts(u.Host)
}

// trust adds the host of a base URL.
func (s *Session) trust(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[hostOf(base)] = true
}

// hostOf is "host:port" of a base URL.
func hostOf(base string) string {
	_, host, _ := strings.Cut(base, "://")
	return host
}

func isRefused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
