package agent

import (
	v1 "mesosbook/mesos/v1"
)

// This file has what an agent refuses that runs the Mesos containerizer alone, with
// the posix isolators, without images and without networks of its own
// (slave/containerizer/mesos/isolators).

// errUnknownContainer is what becomes of a container that no containerizer of
// this agent takes: Mesos waits for one that is not there.
var errUnknownContainer = mesosErrorf("Abnormal executor termination: unknown container")

// refuseRoot gives the errors of an executor's container: the filesystem isolator
// looks at these alone.
func refuseRoot(c *v1.ContainerInfo, command *v1.CommandInfo) error {
	if err := refuseImage(c); err != nil {
		return err
	}
	if len(c.GetVolumes()) > 0 {
		return mesosErrorf("Volumes in ContainerInfo is not supported")
	}
	return refuseNetwork(c, command)
}

// refuseNested gives the errors of any other container but a session, which is in
// its parent's network.
func refuseNested(c *v1.ContainerInfo, command *v1.CommandInfo) error {
	if err := refuseImage(c); err != nil {
		return err
	}
	return refuseNetwork(c, command)
}

func refuseImage(c *v1.ContainerInfo) error {
	if c != nil && c.GetType() == v1.ContainerInfo_DOCKER {
		return errUnknownContainer
	}
	if image := c.GetMesos().GetImage(); image != nil {
		return mesosErrorf("Unsupported container image type: %s", image.GetType())
	}
	return nil
}

func refuseNetwork(c *v1.ContainerInfo, command *v1.CommandInfo) error {
	for _, n := range c.GetNetworkInfos() {
		if n.Name != nil {
			return mesosErrorf("Unknown CNI network '%s'", n.GetName())
		}
	}
	return refuseSecrets(command)
}

// refuseSecrets refuses what the default resolver of secrets cannot resolve.
func refuseSecrets(command *v1.CommandInfo) error {
	for _, v := range command.GetEnvironment().GetVariables() {
		if v.GetType() == v1.Environment_Variable_SECRET && v.GetSecret().GetReference() != nil {
			return mesosErrorf("Collect failed: Default secret resolver cannot resolve references")
		}
	}
	return nil
}
