// Package pages writes the parts that the older pages of a Mesos master and of a
// Mesos agent have in common: tasks, commands, resources as sums, and how the
// machine is doing. It follows src/common/http.cpp of Apache Mesos 1.12 in which
// fields there are, in which order, and when they are left out. What such a page
// has not, like the reasons and uuids of statuses, only the operator API tells.
//
// Functions that end a value take an encoder at the place of the value; those
// that are named Write... write members, with their keys.
package pages
