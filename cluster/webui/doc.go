// Package webui holds the pages a person looks at: cluster, agents, frameworks,
// tasks, offers, sandbox files. They are plain files, embedded in the binary;
// the browser reads everything else from the HTTP pages of master and agents.
package webui
