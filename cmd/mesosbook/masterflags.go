package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"mesosbook/session"
)

// masterFlags are the settings of a connection to a master: who asks, and over
// which TLS.
type masterFlags struct {
	principal, secretFile string
	caCert, cert, key     string
	insecure              bool
	known                 *string // the secret, once it was read
}

// secretVariable is where a secret is taken from when no file is named; a flag
// would show it to everybody who can list processes.
const secretVariable = "MESOSBOOK_SECRET"

func (f *masterFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.principal, "principal", "", "principal for Basic authentication; its secret comes from --secret-file or "+secretVariable)
	flags.StringVar(&f.secretFile, "secret-file", "", "file that holds the principal's secret")
	flags.StringVar(&f.caCert, "cacert", "", "PEM file of the authorities that may sign the master's certificate")
	flags.StringVar(&f.cert, "cert", "", "PEM file of the client certificate")
	flags.StringVar(&f.key, "key", "", "PEM file of the client certificate's key")
	flags.BoolVar(&f.insecure, "insecure", false, "INSECURE: accept any certificate; whoever is on the way can read and change everything")
}

// options checks the flags and gives what a session needs of them.
func (f *masterFlags) options(master string) (session.Options, error) {
	secret, err := f.secret()
	if err != nil {
		return session.Options{}, err
	}
	conf, err := f.tls()
	if err != nil {
		return session.Options{}, err
	}
	return session.Options{Master: master, Principal: f.principal, Secret: secret, TLS: conf, CurlFlags: f.curlFlags()}, nil
}

// curlFlags are the files of TLS as curl takes them.
func (f *masterFlags) curlFlags() (flags []string) {
	for _, file := range [][2]string{{"--cacert", f.caCert}, {"--cert", f.cert}, {"--key", f.key}} {
		if file[1] != "" {
			flags = append(flags, file[0], file[1])
		}
	}
	return flags
}

// secret is read once: its file may be a pipe, as in --secret-file <(pass show mesos).
func (f *masterFlags) secret() (string, error) {
	if f.known != nil {
		return *f.known, nil
	}
	secret, err := f.readSecret()
	if err == nil {
		f.known = &secret
	}
	return secret, err
}

func (f *masterFlags) readSecret() (string, error) {
	if f.secretFile == "" {
		if f.principal == "" {
			return "", nil
		}
		return os.Getenv(secretVariable), nil
	}
	if f.principal == "" {
		return "", usageError{errors.New("--secret-file needs --principal")}
	}
	data, err := os.ReadFile(f.secretFile)
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}

// tls gives nil where no flag asks for anything but Go's defaults.
func (f *masterFlags) tls() (*tls.Config, error) {
	if (f.cert == "") != (f.key == "") {
		return nil, usageError{errors.New("--cert and --key go together")}
	}
	if f.caCert == "" && f.cert == "" && !f.insecure {
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: f.insecure}
	if f.caCert != "" {
		pem, err := os.ReadFile(f.caCert)
		if err != nil {
			return nil, fmt.Errorf("read the authorities: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the authorities: %s holds no certificate in PEM form", f.caCert)
		}
	}
	if f.cert != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, fmt.Errorf("read the client certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}
