package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"strings"

	v1 "mesosbook/mesos/v1"
)

// validateCommand checks the environment; a missing value is the executor's
// affair (facts 4.5).
func validateCommand(c *v1.CommandInfo) error {
	for _, v := range c.GetEnvironment().GetVariables() {
		if err := validateVariable(v); err != nil {
			return err
		}
	}
	return nil
}

func validateVariable(v *v1.Environment_Variable) error {
	switch v.GetType() {
	case v1.Environment_Variable_SECRET:
		switch {
		case v.Secret == nil:
			return fmt.Errorf("Environment variable '%s' of type 'SECRET' must have a secret set", v.GetName())
		case v.Value != nil:
			return fmt.Errorf("Environment variable '%s' of type 'SECRET' must not have a value set", v.GetName())
		}
	case v1.Environment_Variable_VALUE:
		switch {
		case v.Value == nil:
			return fmt.Errorf("Environment variable '%s' of type 'VALUE' must have a value set", v.GetName())
		case v.Secret != nil:
			return fmt.Errorf("Environment variable '%s' of type 'VALUE' must not have a secret set", v.GetName())
		}
	default:
		return errors.New("Environment variable of type 'UNKNOWN' is not allowed")
	}
	return nil
}

// validateContainer checks a container description; nil is fine.
func validateContainer(c *v1.ContainerInfo) error {
	if c == nil {
		return nil
	}
	for _, v := range c.GetVolumes() {
		if err := validateTaskVolume(v); err != nil {
			return fmt.Errorf("Invalid volume: %w", err)
		}
	}
	if c.GetType() != v1.ContainerInfo_DOCKER {
		return nil
	}
	if c.Docker == nil {
		return errors.New("DockerInfo 'docker' is not set for DOCKER typed ContainerInfo")
	}
	for _, p := range c.Docker.GetParameters() {
		if p.GetKey() == "name" {
			return errors.New("Parameter in DockerInfo must not be 'name'")
		}
	}
	return nil
}

func validateTaskVolume(v *v1.Volume) error {
	given := 0
	for _, set := range []bool{v.HostPath != nil, v.Image != nil, v.Source != nil} {
		if set {
			given++
		}
	}
	if given > 1 {
		return errors.New("Only one of them should be set: 'host_path', 'image' and 'source'")
	}
	if v.Source == nil {
		return nil
	}
	missing := ""
	switch v.Source.GetType() {
	case v1.Volume_Source_DOCKER_VOLUME:
		missing = unlessSet(v.Source.DockerVolume != nil, "docker_volume", "DOCKER_VOLUME")
	case v1.Volume_Source_HOST_PATH:
		missing = unlessSet(v.Source.HostPath != nil, "host_path", "HOST_PATH")
	case v1.Volume_Source_SANDBOX_PATH:
		missing = unlessSet(v.Source.SandboxPath != nil, "sandbox_path", "SANDBOX_PATH")
	case v1.Volume_Source_SECRET:
		missing = unlessSet(v.Source.Secret != nil, "secret", "SECRET")
	case v1.Volume_Source_CSI_VOLUME:
		missing = unlessSet(v.Source.CsiVolume != nil, "csi_volume", "CSI_VOLUME")
	default:
		return errors.New("'source.type' is unknown")
	}
	if missing != "" {
		return errors.New(missing)
	}
	return nil
}

func unlessSet(set bool, field, kind string) string {
	if set {
		return ""
	}
	return fmt.Sprintf("'source.%s' is not set for %s volume", field, kind)
}

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
		err = validateCheckCommand(c.Command.GetCommand(), "Command check")
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
		err = validateCheckCommand(h.Command, "Command health check")
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

func validateCheckCommand(c *v1.CommandInfo, what string) error {
	if c.Value == nil {
		kind := "'shell command'"
		if !c.GetShell() {
			kind = "'executable path'"
		}
		return fmt.Errorf("%s must contain %s", what, kind)
	}
	return validateCommand(c)
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
