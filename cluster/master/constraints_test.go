package master

import (
	"testing"

	"mesosbook/mesos"
	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"

	"google.golang.org/protobuf/proto"
)

// TestConstraintTexts has offer constraints with one fault each
// (offer_constraints_filter.cpp); Mesos' texts lack a space here and there.
func TestConstraintTexts(t *testing.T) {
	one := func(selector, predicate string) string {
		return `[{"attribute_constraints":[{"selector":` + selector + `,"predicate":` + predicate + `}]}]`
	}
	matches := func(regex string) string {
		return one(`{"attribute_name":"x"}`, `{"text_not_matches":{"regex":"`+regex+`"}}`)
	}
	const invalid = "A role r has an invalid 'AttributeConstraint': "
	tests := []struct{ groups, want string }{
		{`[]`, "'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role r"},
		{`[{}]`, "'OfferConstraints::RoleConstraints::groups' for role rcontains an empty RoleConstraints::Group"},
		{one(`{}`, `{}`), invalid + "Exactly one of 'AttributeConstraint::Selector::name' or 'AttributeConstraint::Selector::pseudoattribute_type' must be set"},
		{one(`{"pseudoattribute_type":"UNKNOWN"}`, `{}`), invalid + "Unknown pseudoattribute type"},
		{one(`{"attribute_name":""}`, `{}`), invalid + "Unknown predicate type"},
		{matches("("), invalid + "Failed to construct regex from pattern '(': missing ): ("},
		{matches("a)"), invalid + "Failed to construct regex from pattern 'a)': missing ): a)"},
		{matches("["), invalid + "Failed to construct regex from pattern '[': missing ]: ["},
		{matches("*"), invalid + "Failed to construct regex from pattern '*': no argument for repetition operator: *"},
		{matches("a**"), invalid + "Failed to construct regex from pattern 'a**': bad repetition operator: **"},
		{matches("a{1001}"), invalid + "Failed to construct regex from pattern 'a{1001}': invalid repetition size: {1001}"},
		{matches("[b-a]"), invalid + "Failed to construct regex from pattern '[b-a]': invalid character class range: b-a"},
		{matches(`\\8`), invalid + `Failed to construct regex from pattern '\8': invalid escape sequence: \8`},
		{matches(`(?<`), invalid + `Failed to construct regex from pattern '(?<': invalid perl operator: (?<`},
		{matches(`(a|b)+\\d`), ""},
		{one(`{"pseudoattribute_type":"HOSTNAME"}`, `{"exists":{}}`), ""},
	}
	for _, tt := range tests {
		c := &schedulerv1.OfferConstraints{}
		if err := mesos.Unmarshal([]byte(`{"role_constraints":{"r":{"groups":`+tt.groups+`}}}`), c); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := validateConstraints(c); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.groups, got, tt.want)
		}
	}
}

// TestFirstAttributeCounts: of several attributes of one name.
func TestFirstAttributeCounts(t *testing.T) {
	attribute := func(text string) *v1.Attribute {
		return &v1.Attribute{Name: proto.String("x"), Type: v1.Value_TEXT.Enum(), Text: &v1.Value_Text{Value: proto.String(text)}}
	}
	ag := &agent{info: &v1.AgentInfo{Attributes: []*v1.Attribute{attribute("a"), attribute("b")}}}
	for text, want := range map[string]bool{"a": true, "b": false} {
		c, err := compileConstraint(&schedulerv1.AttributeConstraint{
			Selector:  &schedulerv1.AttributeConstraint_Selector{Selector: &schedulerv1.AttributeConstraint_Selector_AttributeName{AttributeName: "x"}},
			Predicate: &schedulerv1.AttributeConstraint_Predicate{Predicate: &schedulerv1.AttributeConstraint_Predicate_TextEquals_{TextEquals: &schedulerv1.AttributeConstraint_Predicate_TextEquals{Value: proto.String(text)}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := ag.meetsOne(c); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
