package names

import (
	"context"
	"fmt"
	"go/scanner"
	"go/token"
	"net"
	"strings"

	"github.com/tidwall/gjson"

	"mesosbook/resources"
	"mesosbook/session"
)

// settings are the variables of cells. They belong to the cells; the Set writes
// the URLs between cells only (see Prepare).
type settings struct {
	masterURL, agentURL, apiURL           string
	dockerJSON, launchJSON, resourcesJSON string
	subscribeBody, teardownBody, killBody *resources.Document
	givenMaster, givenAgent, givenAPI     string // what Prepare wrote last
}

const apiPath = "/api/v1/scheduler"

func (v *settings) init() error {
	v.dockerJSON, v.launchJSON, v.resourcesJSON = "container.json", "launch.json", "task_resources.json"
	for name, body := range map[string]**resources.Document{
		"subscribe.json": &v.subscribeBody, "teardown.json": &v.teardownBody, "kill.json": &v.killBody,
	} {
		data, err := resources.FS().Open(name)
		if err != nil {
			return fmt.Errorf("names: %w", err)
		}
		if *body, err = readDocument(data); err != nil {
			return fmt.Errorf("names: %s: %w", name, err)
		}
	}
	return nil
}

// variables gives a pointer to each variable.
func (v *settings) variables() map[string]any {
	return map[string]any{
		"MASTER_URL": &v.masterURL, "AGENT_URL": &v.agentURL, "API_URL": &v.apiURL,
		"DOCKER_JSON": &v.dockerJSON, "LAUNCH_JSON": &v.launchJSON, "TASK_RESOURCES_JSON": &v.resourcesJSON,
		"SUBSCRIBE_BODY": &v.subscribeBody, "TEARDOWN_BODY": &v.teardownBody, "KILLTASK_BODY": &v.killBody,
	}
}

// Prepare gives MASTER_URL, AGENT_URL and API_URL their values when code names
// one of them, which asks for the session and so starts an embedded cluster.
// It is to be called before each cell, in turn with them. A value that a cell
// has set stays; else the URLs follow the leading master.
func (s *Set) Prepare(ctx context.Context, code string) error {
	wantsAgent, wantsMaster := false, false
	for _, name := range identifiers(code) {
		wantsAgent = wantsAgent || name == "AGENT_URL"
		wantsMaster = wantsMaster || name == "MASTER_URL" || name == "API_URL"
	}
	if !wantsAgent && !wantsMaster {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.Timeout, &timeoutError{after: s.o.Timeout})
	defer cancel()
	live, err := s.o.Session(ctx)
	if err != nil {
		return &Error{"MASTER_URL", err}
	}
	master, err := masterURL(ctx, live)
	if err != nil {
		return &Error{"MASTER_URL", err}
	}
	v := &s.settings
	follow(&v.masterURL, &v.givenMaster, master)
	follow(&v.apiURL, &v.givenAPI, master+apiPath)
	if wantsAgent && v.agentURL == "" {
		agent, err := s.findAgent(ctx, live)
		if err != nil {
			return &Error{"AGENT_URL", err}
		}
		follow(&v.agentURL, &v.givenAgent, agent)
	}
	return nil
}

// masterURL is the leading master's base URL; it is asked when it is not known yet,
// or may have changed.
func masterURL(ctx context.Context, live *session.Session) (string, error) {
	if base, err := live.FindLeader(ctx); err == nil {
		return base, nil
	}
	if live.MasterURL() == "" {
		if _, err := live.Get(ctx, "/version"); err != nil {
			return "", err
		}
	}
	return live.MasterURL(), nil
}

// findAgent gives AGENT_URL, or while that is empty the URL of an agent.
func (s *Set) findAgent(ctx context.Context, live *session.Session) (string, error) {
	if s.settings.agentURL != "" {
		return s.settings.agentURL, nil
	}
	if s.o.AgentURL != "" {
		return s.o.AgentURL, nil
	}
	list, err := fetched(ctx, live, "/slaves")
	if err != nil {
		return "", err
	}
	url := agentURL(list.Get("slaves.0"), live.MasterURL())
	if url == "" {
		return "", fmt.Errorf("the master at %s knows no agent yet; agents() lists them", live.MasterURL())
	}
	return url, nil
}

// agentURL makes a base URL of an entry of /slaves, whose pid is like
// "slave(1)@10.0.0.1:5051".
func agentURL(agent gjson.Result, master string) string {
	_, address, ok := strings.Cut(agent.Get("pid").String(), "@")
	if !ok {
		return ""
	}
	scheme, _, _ := strings.Cut(master, "://")
	if _, _, err := net.SplitHostPort(address); err != nil || scheme == "" {
		return ""
	}
	return scheme + "://" + address
}

// follow sets a variable unless a cell has changed it since.
func follow(variable, given *string, value string) {
	if *variable == *given {
		*variable = value
	}
	*given = value
}

// identifiers lists the identifiers of a cell that may not even parse.
func identifiers(code string) []string {
	var names []string
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(code)), []byte(code), func(token.Position, string) {}, 0)
	for {
		_, tok, text := s.Scan()
		switch tok {
		case token.EOF:
			return names
		case token.IDENT:
			names = append(names, text)
		}
	}
}
