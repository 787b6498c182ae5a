package session_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mesosbook/session"
)

// The one test on a real port: TLS, with and without trust in its CA, and plain
// HTTP and TLS mixed up.
func TestTLS(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record := `{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"f"},"heartbeat_interval_seconds":15.0}}`
		offers := strings.ReplaceAll(offerRecord, "fw-0000", "f")
		w.Header().Set("Mesos-Stream-Id", "x")
		fmt.Fprintf(w, "%d\n%s%d\n%s", len(record), record, len(offers), offers)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	secure, plain := httptest.NewUnstartedServer(handler), httptest.NewServer(handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	defer plain.Close()
	mutual := httptest.NewUnstartedServer(handler)
	mutual.Config.ErrorLog = log.New(io.Discard, "", 0)
	mutual.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	mutual.StartTLS()
	defer mutual.Close()
	trust := x509.NewCertPool()
	trust.AddCert(secure.Certificate())

	for _, c := range []struct {
		name, master string
		tls          *tls.Config
		want         string
	}{
		{"trusted", secure.URL, &tls.Config{RootCAs: trust}, ""},
		{"not trusted", secure.URL, nil, "give the certificate of the CA that signed it: --cacert"},
		{"with a client certificate", mutual.URL, &tls.Config{RootCAs: trust, Certificates: mutual.TLS.Certificates}, ""},
		{"without a client certificate", mutual.URL, &tls.Config{RootCAs: trust}, "--cert and --key"},
		{"http to https", strings.Replace(secure.URL, "https", "http", 1), nil, "400"},
		{"https to http", strings.Replace(plain.URL, "http", "https", 1), nil, "it speaks http, not https"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := session.New(session.Options{Master: c.master, TLS: c.tls})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			a, err := s.Subscribe(t.Context(), []byte(subscribeBody))
			if err == nil {
				err = a.Err()
			}
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			offers, err := s.WaitForOffers(t.Context(), 1)
			if err != nil || offers[0].AgentURL != "https://127.0.0.1:5051" {
				t.Errorf("agent at %v, want https: %v", offers, err)
			}
		})
	}
}
