package names

import (
	"reflect"
	"slices"
	"testing"

	"mesosbook/resources"
)

func TestStrings(t *testing.T) {
	doc, err := resources.Parse([]byte(`{"offers":[{"id":{"value":"O1"},"a.b":1},{}],"count":2}`))
	if err != nil {
		t.Fatal(err)
	}
	recv := reflect.ValueOf(doc)
	for _, c := range []struct {
		name, prefix string
		recv         reflect.Value
		want         []string
	}{
		{"Get", "", recv, []string{"offers", "count"}},
		{"Get", "of", recv, []string{"offers"}},
		{"At", "offers.", recv, []string{"offers.0", "offers.1", "offers.#"}},
		{"Set", "offers.0.", recv, []string{"offers.0.id", `offers.0.a\.b`}},
		{"Set", "offers.0.i", recv, []string{"offers.0.id"}},
		{"Get", "nosuch.", recv, nil},
		{"Save", "", recv, nil},
		{"Wait", "TASK_K", recv, []string{"TASK_KILLING", "TASK_KILLED"}},
		{"wait_for", "OFF", reflect.Value{}, []string{"OFFERS"}},
		{"get_json", "launch", reflect.Value{}, []string{"launch.json"}},
		{"get", "/st", reflect.Value{}, []string{"/state"}},
		{"Println", "", reflect.Value{}, nil},
	} {
		got := Strings(c.name, c.recv, c.prefix)
		slices.Sort(got)
		want := slices.Clone(c.want)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("Strings(%s, %q) = %q, want %q", c.name, c.prefix, got, want)
		}
	}
}
