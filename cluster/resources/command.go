package resources

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"bytes"
	"errors"
	"fmt"

	v1 "mesosbook/mesos/v1"
)

// ValidateCommand checks the environment of a command; a missing value is the
// executor's affair. The texts are those of common/validation.cpp.
func ValidateCommand(c *v1.CommandInfo) error {
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
		return validateVariableSecret(v)
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

func validateVariableSecret(v *v1.Environment_Variable) error {
	if err := validateSecret(v.Secret); err != nil {
		return fmt.Errorf("Environment variable '%s' specifies an invalid secret: %w", v.GetName(), err)
	}
	if bytes.IndexByte(v.Secret.GetValue().GetData(), 0) >= 0 {
		return fmt.Errorf("Environment variable '%s' specifies a secret containing null bytes, which is not allowed in the environment", v.GetName())
	}
	return nil
}

func validateSecret(s *v1.Secret) error {
	switch s.GetType() {
	case v1.Secret_REFERENCE:
		if s.Reference == nil {
			return errors.New("Secret of type REFERENCE must have the 'reference' field set")
		}
		if s.Value != nil {
			return fmt.Errorf("Secret '%s' of type REFERENCE must not have the 'value' field set", s.Reference.GetName())
		}
	case v1.Secret_VALUE:
		if s.Value == nil {
			return errors.New("Secret of type VALUE must have the 'value' field set")
		}
		if s.Reference != nil {
			return errors.New("Secret of type VALUE must not have the 'reference' field set")
		}
	}
	return nil
}

// ValidateContainer checks a container description; nil is fine.
func ValidateContainer(c *v1.ContainerInfo) error {
	if c == nil {
		return nil
	}
	for _, v := range c.GetVolumes() {
		if err := validateVolume(v); err != nil {
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

func validateVolume(v *v1.Volume) error {
	given := 0
	for _, set := range []bool{v.HostPath != nil, v.Image != nil, v.Source != nil} {
		if set {
			given++
		}
	}
	if given != 1 {
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
		missing = unlessSet(v.Source.CsiVolume != nil, "csi_volume", "CSI")
		if missing == "" {
			missing = unlessSet(v.Source.CsiVolume.StaticProvisioning != nil, "csi_volume.static_provisioning", "CSI")
		}
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
