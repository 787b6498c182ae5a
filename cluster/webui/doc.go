// Package webui holds the pages a person looks at: the cluster, its agents,
// frameworks and tasks, roles, offers and maintenance, the sandbox of a task and
// what it writes. The routes (#/agents/ID/browse?path=...) are those of Mesos'
// own web UI (1.12, src/webui), with one more for a single task.
//
// The files under static are plain HTML, CSS and JavaScript modules, embedded as
// they are: there is no build step, and nothing comes from another host. Data
// comes from the pages of master and agents:
//
//   - from the master, whose origin this is, by fetch;
//   - from the agents, which are other origins, by JSONP as in Mesos. Such an
//     answer is a script, so it runs in a frame of its own (relay.html): sandboxed,
//     without an origin, allowed to load scripts from that one agent alone, and
//     heard only through messages that carry data.
//
// Names, ids and paths are what users made of them. They reach the page as text
// nodes and attributes only (static/app/dom.js); the Content-Security-Policy,
// with Trusted Types, keeps it that way.
package webui
