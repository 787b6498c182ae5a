package cluster_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"mesosbook/cluster"
)

// A cluster for the tests of a framework: two agents, and a master that is lost
// and comes back.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := cluster.Start(ctx, cluster.Options{Agents: 2, Resources: "cpus:4;mem:1024"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Stop()

	res, err := http.Get(c.MasterURL() + "/health")
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	fmt.Println(res.StatusCode, len(body), len(c.AgentURLs()))

	if err := c.RestartMaster(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.AwaitAgents(ctx))
	// Output:
	// 200 0 2
	// <nil>
}

// Three masters, of which the leading one dies: another takes its place.
func ExampleCluster_AwaitLeader() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := cluster.Start(ctx, cluster.Options{Masters: 3, Simulate: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Stop()

	former := c.MasterURL()
	if err := c.KillMaster(); err != nil {
		fmt.Println(err)
		return
	}
	leader, err := c.AwaitLeader(ctx)
	fmt.Println(leader != former, err)
	fmt.Println(c.AwaitAgents(ctx))
	// Output:
	// true <nil>
	// <nil>
}
