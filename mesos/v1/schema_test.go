package v1_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "mesosbook/mesos/v1"
	"mesosbook/mesos/v1/agent"
	"mesosbook/mesos/v1/allocator"
	"mesosbook/mesos/v1/executor"
	"mesosbook/mesos/v1/maintenance"
	"mesosbook/mesos/v1/master"
	"mesosbook/mesos/v1/quota"
	"mesosbook/mesos/v1/scheduler"
)

// The generated code is what the list of Mesos 1.12 says: each message, field
// and enum value, its number, label, type, default and place. The list's first
// lines tell its form.
func TestSchema(t *testing.T) {
	want, err := os.ReadFile("testdata/schema.txt")
	if err != nil {
		t.Fatal(err)
	}
	var p printer
	for _, file := range []protoreflect.FileDescriptor{
		v1.File_mesos_v1_mesos_proto,
		scheduler.File_mesos_v1_scheduler_scheduler_proto,
		durationpb.File_google_protobuf_duration_proto,
		allocator.File_mesos_v1_allocator_allocator_proto,
		maintenance.File_mesos_v1_maintenance_maintenance_proto,
		quota.File_mesos_v1_quota_quota_proto,
		master.File_mesos_v1_master_master_proto,
		agent.File_mesos_v1_agent_agent_proto,
		executor.File_mesos_v1_executor_executor_proto,
	} {
		p.file(file)
	}
	if diff := cmp.Diff(listed(want), listed(p.Bytes())); diff != "" {
		t.Errorf("(-list +generated):\n%s", diff)
	}
}

// The list has a map's entries under a name alone; these are their types.
func TestMaps(t *testing.T) {
	tests := []struct {
		message protoreflect.ProtoMessage
		field   protoreflect.Name
		value   string
	}{
		{&v1.FrameworkInfo{}, "offer_filters", "mesos.v1.OfferFilters"},
		{&v1.OfferFilters_ResourceQuantities{}, "quantities", "mesos.v1.Value.Scalar"},
		{&v1.TaskInfo{}, "limits", "mesos.v1.Value.Scalar"},
		{&v1.Task{}, "limits", "mesos.v1.Value.Scalar"},
		{&v1.Volume_Source_CSIVolume_StaticProvisioning{}, "node_stage_secrets", "mesos.v1.Secret"},
		{&v1.Volume_Source_CSIVolume_StaticProvisioning{}, "node_publish_secrets", "mesos.v1.Secret"},
		{&v1.Volume_Source_CSIVolume_StaticProvisioning{}, "volume_context", "string"},
		{&scheduler.OfferConstraints{}, "role_constraints", "mesos.v1.scheduler.OfferConstraints.RoleConstraints"},
		{&quota.QuotaConfig{}, "guarantees", "mesos.v1.Value.Scalar"},
		{&quota.QuotaConfig{}, "limits", "mesos.v1.Value.Scalar"},
		{&agent.Call_LaunchContainer{}, "limits", "mesos.v1.Value.Scalar"},
	}
	for _, test := range tests {
		desc := test.message.ProtoReflect().Descriptor().Fields().ByName(test.field)
		if desc == nil || !desc.IsMap() || desc.MapKey().Kind() != protoreflect.StringKind {
			t.Errorf("%T.%s is not a map by strings", test.message, test.field)
			continue
		}
		got := desc.MapValue().Kind().String()
		if m := desc.MapValue().Message(); m != nil {
			got = string(m.FullName())
		}
		if got != test.value {
			t.Errorf("%T.%s: values are %s, want %s", test.message, test.field, got, test.value)
		}
	}
}

// listed gives the lines that say something.
func listed(text []byte) []string {
	var lines []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, " \n")
		if line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// A printer writes descriptors in the form of the list.
type printer struct {
	bytes.Buffer
}

func (p *printer) file(file protoreflect.FileDescriptor) {
	imports := make([]string, 0, file.Imports().Len())
	for i := range file.Imports().Len() {
		imports = append(imports, file.Imports().Get(i).Path())
	}
	fmt.Fprintf(p, "file %s package %s imports %s\n", file.Path(), file.Package(), strings.Join(imports, ","))
	p.enums(file.Enums(), "")
	p.messages(file.Messages(), "")
}

func (p *printer) enums(enums protoreflect.EnumDescriptors, indent string) {
	for i := range enums.Len() {
		fmt.Fprintf(p, "%senum %s", indent, enums.Get(i).Name())
		values := enums.Get(i).Values()
		for j := range values.Len() {
			v := values.Get(j)
			fmt.Fprintf(p, " %s=%d", v.Name(), v.Number())
			if v.Options().(*descriptorpb.EnumValueOptions).GetDeprecated() {
				p.WriteString("!")
			}
		}
		p.WriteString("\n")
	}
}

func (p *printer) messages(messages protoreflect.MessageDescriptors, indent string) {
	for i := range messages.Len() {
		m := messages.Get(i)
		if m.IsMapEntry() {
			continue
		}
		fmt.Fprintf(p, "%smessage %s\n", indent, m.Name())
		p.enums(m.Enums(), indent+"  ")
		p.messages(m.Messages(), indent+"  ")
		for j := range m.Fields().Len() {
			p.field(m.Fields().Get(j), indent+"  ")
		}
	}
}

func (p *printer) field(f protoreflect.FieldDescriptor, indent string) {
	fmt.Fprintf(p, "%s%d %s %s %s", indent, f.Number(), f.Name(), f.Cardinality(), typeName(f))
	if f.HasDefault() && f.Enum() != nil {
		fmt.Fprintf(p, " =%s", f.DefaultEnumValue().Name())
	} else if f.HasDefault() {
		fmt.Fprintf(p, " =%v", f.Default())
	}
	if f.Options().(*descriptorpb.FieldOptions).GetDeprecated() {
		p.WriteString(" deprecated")
	}
	if o := f.ContainingOneof(); o != nil {
		fmt.Fprintf(p, " oneof:%s", o.Name())
	}
	p.WriteString("\n")
}

// typeName leaves out the package if it is the file's own or mesos.v1.
func typeName(f protoreflect.FieldDescriptor) string {
	var name string
	switch {
	case f.Message() != nil:
		name = string(f.Message().FullName())
	case f.Enum() != nil:
		name = string(f.Enum().FullName())
	default:
		return f.Kind().String()
	}
	own := string(f.ParentFile().Package()) + "."
	return strings.TrimPrefix(strings.TrimPrefix(name, own), "mesos.v1.")
}
