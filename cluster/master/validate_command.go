package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"strings"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"
)

// validateCheck checks a CheckInfo; nil is fine.
func validateCheck(c *v1.CheckInfo) error {
	if c == nil {
		return nil
	}
	if c.Type == nil {
		return errors.New("CheckInfo must specify 'type'")
	}
	var err error
	switch c.GetType() {
	case v1.CheckInfo_COMMAND:
		if c.Command == nil {
			return errors.New("Expecting 'command' to be set for COMMAND check")
		}
		err = validateCheckCommand(c.Command.GetCommand(), "Command check", "Check")
	case v1.CheckInfo_HTTP:
		if c.Http == nil {
			return errors.New("Expecting 'http' to be set for HTTP check")
		}
		err = validateCheckPath(c.Http.Path, "HTTP check")
	case v1.CheckInfo_TCP:
		if c.Tcp == nil {
			return errors.New("Expecting 'tcp' to be set for TCP check")
		}
	default:
		return fmt.Errorf("'%s' is not a valid check type", c.GetType())
	}
	if err != nil {
		return err
	}
	return nonNegative(named{"delay_seconds", c.GetDelaySeconds()}, named{"interval_seconds", c.GetIntervalSeconds()}, named{"timeout_seconds", c.GetTimeoutSeconds()})
}

// validateHealthCheck checks a HealthCheck; nil is fine.
func validateHealthCheck(h *v1.HealthCheck) error {
	if h == nil {
		return nil
	}
	if h.Type == nil {
		return errors.New("HealthCheck must specify 'type'")
	}
	var err error
	switch h.GetType() {
	case v1.HealthCheck_COMMAND:
		if h.Command == nil {
			return errors.New("Expecting 'command' to be set for COMMAND health check")
		}
		err = validateCheckCommand(h.Command, "Command health check", "Health check")
	case v1.HealthCheck_HTTP:
		if h.Http == nil {
			return errors.New("Expecting 'http' to be set for HTTP health check")
		}
		if s := h.Http.GetScheme(); h.Http.Scheme != nil && s != "http" && s != "https" {
			return fmt.Errorf("Unsupported HTTP health check scheme: '%s'", s)
		}
		err = validateCheckPath(h.Http.Path, "HTTP health check")
	case v1.HealthCheck_TCP:
		if h.Tcp == nil {
			return errors.New("Expecting 'tcp' to be set for TCP health check")
		}
	default:
		return fmt.Errorf("'%s' is not a valid health check type", h.GetType())
	}
	if err != nil {
		return err
	}
	return nonNegative(named{"delay_seconds", h.GetDelaySeconds()}, named{"grace_period_seconds", h.GetGracePeriodSeconds()},
		named{"interval_seconds", h.GetIntervalSeconds()}, named{"timeout_seconds", h.GetTimeoutSeconds()})
}

func validateCheckCommand(c *v1.CommandInfo, what, whose string) error {
	if c.Value == nil {
		kind := "'shell command'"
		if !c.GetShell() {
			kind = "'executable path'"
		}
		return fmt.Errorf("%s must contain %s", what, kind)
	}
	return prefixed(whose+"'s `CommandInfo` is invalid: ", resources.ValidateCommand(c))
}

func validateCheckPath(path *string, what string) error {
	if path != nil && !strings.HasPrefix(*path, "/") {
		return fmt.Errorf("The path '%s' of %s must start with '/'", *path, what)
	}
	return nil
}

type named struct {
	name  string
	value float64
}

func nonNegative(list ...named) error {
	for _, n := range list {
		if n.value < 0 {
			return fmt.Errorf("Expecting '%s' to be non-negative", n.name)
		}
	}
	return nil
}
