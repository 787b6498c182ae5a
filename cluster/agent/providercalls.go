package agent

import (
	"net/http"
	"slices"
	"strings"

	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
)

// The calls on resource providers get what an agent answers that was started
// without --resource_provider_config_dir: their configurations are checked, and
// there is nowhere to keep them (resource_provider/daemon.cpp). No provider ever
// subscribes here, and storage that CSI plugins manage is not there.

// storageProvider is the one type of provider that Mesos has built in.
const storageProvider = "org.apache.mesos.rp.local.storage"

const noConfigDir = "Missing required flag --resource_provider_config_dir"

func (a *Agent) operateProvider(q operatorRequest) {
	switch q.call.GetType() {
	case agent.Call_ADD_RESOURCE_PROVIDER_CONFIG:
		configureProvider(q.w, q.call.GetAddResourceProviderConfig().GetInfo())
	case agent.Call_UPDATE_RESOURCE_PROVIDER_CONFIG:
		configureProvider(q.w, q.call.GetUpdateResourceProviderConfig().GetInfo())
	case agent.Call_REMOVE_RESOURCE_PROVIDER_CONFIG:
		text(q.w, http.StatusInternalServerError, noConfigDir)
	default:
		a.markProviderGone(q)
	}
}

func configureProvider(w http.ResponseWriter, info *v1.ResourceProviderInfo) {
	if why := validateProviderInfo(info); why != "" {
		badRequest(w, "Failed to validate resource provider config with type '%s' and name '%s': %s", info.GetType(), info.GetName(), why)
		return
	}
	text(w, http.StatusInternalServerError, noConfigDir)
}

// validateProviderInfo follows resource_provider/local.cpp and
// resource_provider/storage/provider.cpp.
func validateProviderInfo(info *v1.ResourceProviderInfo) string {
	plugin := info.GetStorage().GetPlugin()
	switch {
	case info.GetType() != storageProvider:
		return "Unknown local resource provider type '" + info.GetType() + "'"
	case !isJavaName(info.GetName()):
		return "Resource provider name '" + info.GetName() + "' does not follow Java package naming convention"
	case info.Storage == nil:
		return "'ResourceProviderInfo.storage' must be set"
	case !isJavaPackage(plugin.GetType()) || !isJavaName(plugin.GetName()):
		return "CSI plugin type '" + plugin.GetType() + "' and name '" + plugin.GetName() + "' does not follow Java package naming convention"
	}
	for _, c := range plugin.GetContainers() {
		if slices.Contains(c.Services, v1.CSIPluginContainerInfo_NODE_SERVICE) {
			return ""
		}
	}
	return "NODE_SERVICE not found"
}

func isJavaName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_'
	})
}

func isJavaPackage(s string) bool {
	return !slices.ContainsFunc(strings.Split(s, "."), func(part string) bool { return !isJavaName(part) })
}

// markProviderGone accepts what is gone already: any provider.
func (a *Agent) markProviderGone(q operatorRequest) {
	id := q.call.GetMarkResourceProviderGone().GetResourceProviderId().GetValue()
	if a.ID() == "" {
		text(q.w, http.StatusInternalServerError, "Could not mark resource provider '"+id+"' as gone: Agent has not registered yet")
		return
	}
	empty(q.w, http.StatusOK)
}
