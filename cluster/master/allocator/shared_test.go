package allocator

import (
	"testing"

	"mesosbook/cluster/resources"
	v1 "mesosbook/mesos/v1"

	"google.golang.org/protobuf/proto"
)

func disk(mb float64) *v1.Resource {
	return &v1.Resource{Name: proto.String("disk"), Type: v1.Value_SCALAR.Enum(), Scalar: &v1.Value_Scalar{Value: proto.Float64(mb)}}
}

// volume is a shared volume of a role.
func volume(role string, mb float64) resources.Resources {
	r := disk(mb)
	r.Reservations = []*v1.Resource_ReservationInfo{{Type: v1.Resource_ReservationInfo_DYNAMIC.Enum(), Role: proto.String(role)}}
	r.Disk = &v1.Resource_DiskInfo{
		Persistence: &v1.Resource_DiskInfo_Persistence{Id: proto.String("id")},
		Volume:      &v1.Volume{ContainerPath: proto.String("data"), Mode: v1.Volume_RW.Enum()},
	}
	r.Shared = &v1.Resource_SharedInfo{}
	return resources.New([]*v1.Resource{r})
}

func mount(_ testing.TB, mb float64) resources.Resources {
	r := disk(mb)
	r.Disk = &v1.Resource_DiskInfo{Source: &v1.Resource_DiskInfo_Source{
		Type: v1.Resource_DiskInfo_Source_MOUNT.Enum(), Mount: &v1.Resource_DiskInfo_Source_Mount{Root: proto.String("/mnt")}}}
	return resources.New([]*v1.Resource{r})
}

func revocable(t testing.TB, text string) resources.Resources {
	list, err := resources.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		r.Revocable = &v1.Resource_RevocableInfo{}
	}
	return resources.New(list)
}

// reserveFor reserves what is reserved already once more, for a role below.
func reserveFor(_ testing.TB, r resources.Resources, role string) resources.Resources {
	list := r.Proto(resources.Refined)
	for _, p := range list {
		p.Reservations = append(p.Reservations, &v1.Resource_ReservationInfo{Type: v1.Resource_ReservationInfo_DYNAMIC.Enum(), Role: proto.String(role)})
	}
	return resources.New(list)
}

// AllocateSharedResources and SharedResourcesCapability: a shared volume goes to
// each framework that can share, to one in a run, and counts once.
func TestSharedVolume(t *testing.T) {
	a := inTurn(Options{})
	sharing := func(id string) Framework {
		f := in(id, "r")
		f.Capabilities.Shared = true
		return f
	}
	a.AddAgent("S1", res(t, "cpus:1;mem:100").Add(volume("r", 50)))
	expect(t, enter(a, in("F0", "r")), "F0 r S1 cpus:1; mem:100")
	a.RemoveFramework("F0")
	first := enter(a, sharing("F1"))
	want := "S1 disk(reservations: [(DYNAMIC,r)])[id:data]<SHARED>:50<1>; cpus:1; mem:100"
	expect(t, first, "F1 r "+want)
	if got := a.root.offeredReserved.at(a.index("disk")); got != 50000 {
		t.Errorf("disk held %d", got)
	}
	a.Recover("F1", "S1", res(t, "cpus:1;mem:100").Allocate("r"), 0)
	a.AddFramework(sharing("F2"), true)
	expect(t, a.Run(), "F2 r "+want) // F1 has a copy already, but that is no matter
	if got := a.root.offeredReserved.at(a.index("disk")); got != 50000 {
		t.Errorf("disk held %d with two copies", got)
	}
	a.Recover("F1", "S1", volume("r", 50).Allocate("r"), 0)
	a.RemoveFramework("F2")
	if got := a.root.offeredReserved.at(a.index("disk")); got != 0 {
		t.Errorf("disk held %d without copies", got)
	}
}
