package names

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"mesosbook/resources"
)

// Strings completes the first argument of a helper or of a method of a live
// value, in the form of kernel.Options.Strings: documents for get_json and its
// kin, JSON paths of the value for Get, Set, Append, Delete and At, event types
// and task states where one is awaited, pages of the master for get.
func Strings(name string, recv reflect.Value, prefix string) []string {
	if recv.IsValid() {
		return methodStrings(name, recv, prefix)
	}
	switch name {
	case "get_json", "launch", "resource_url":
		return fileNames(prefix)
	case "wait_for", "events", "on":
		return having(prefix, append(eventTypes(), taskStates()...))
	case "get":
		return having(prefix, masterPages())
	}
	return nil
}

func methodStrings(name string, recv reflect.Value, prefix string) []string {
	switch name {
	case "Get", "Set", "Append", "Delete", "At":
		if doc, ok := recv.Interface().(interface{ JSON() []byte }); ok {
			return jsonPaths(doc.JSON(), prefix)
		}
	case "Wait":
		return having(prefix, taskStates())
	}
	return nil
}

func masterPages() []string {
	return []string{"/state", "/slaves", "/frameworks", "/tasks", "/roles", "/version", "/flags", "/metrics/snapshot", "/maintenance/schedule", "/quota", "/weights"}
}

func having(prefix string, all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !strings.HasPrefix(s, prefix) })
}

// fileNames are the embedded documents and the JSON files below prefix.
func fileNames(prefix string) []string {
	found := having(prefix, resources.Names())
	for _, pattern := range []string{prefix + "*", filepath.Join("resources", prefix+"*")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			continue // a prefix with a broken pattern has no files
		}
		for _, f := range files {
			info, err := os.Stat(f)
			switch {
			case err != nil:
			case info.IsDir() && !strings.HasPrefix(pattern, "resources"):
				found = append(found, f+"/")
			case strings.HasSuffix(f, ".json"):
				found = append(found, strings.TrimPrefix(f, "resources/"))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// jsonPaths gives the paths one step below the last dot of prefix.
func jsonPaths(doc []byte, prefix string) []string {
	base := prefix[:strings.LastIndexByte(prefix, '.')+1]
	node := gjson.ParseBytes(doc)
	if base != "" {
		node = node.Get(strings.TrimSuffix(base, "."))
	}
	var paths []string
	switch {
	case node.IsObject():
		node.ForEach(func(key, _ gjson.Result) bool {
			paths = append(paths, base+gjson.Escape(key.String()))
			return true
		})
	case node.IsArray():
		for i := range node.Array() {
			paths = append(paths, base+strconv.Itoa(i))
		}
		paths = append(paths, base+"#")
	}
	return having(prefix, paths)
}
