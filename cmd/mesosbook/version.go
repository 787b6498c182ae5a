package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is the program's own version; a build with a tag may set it with
// -ldflags "-X main.version=...".
var version = "0.1.0"

func versionCommand(io stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of mesosbook and of what it was built with",
		Args:  cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			fmt.Fprintf(io.out, "mesosbook %s (Mesos API v1, as of 1.12.0)\n", version)
			fmt.Fprintf(io.out, "%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return
			}
			for _, dep := range info.Deps {
				if dep.Path == "github.com/traefik/yaegi" {
					fmt.Fprintf(io.out, "yaegi %s\n", dep.Version)
				}
			}
		},
	}
}
