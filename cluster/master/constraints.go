package master

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"

	v1 "mesosbook/mesos/v1"
	schedulerv1 "mesosbook/mesos/v1/scheduler"
)

// validateConstraints checks that every constraint can be evaluated.
func validateConstraints(c *schedulerv1.OfferConstraints) error {
	for _, role := range slices.Sorted(maps.Keys(c.GetRoleConstraints())) {
		groups := c.GetRoleConstraints()[role].GetGroups()
		if len(groups) == 0 {
			return fmt.Errorf("'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role %s", role)
		}
		for _, g := range groups {
			if len(g.GetAttributeConstraints()) == 0 {
				return fmt.Errorf("'OfferConstraints::RoleConstraints::groups' for role %scontains an empty RoleConstraints::Group", role)
			}
			for _, a := range g.GetAttributeConstraints() {
				if _, err := compileConstraint(a); err != nil {
					return fmt.Errorf("A role %s has an invalid 'AttributeConstraint': %w", role, err)
				}
			}
		}
	}
	return nil
}

// matcher says whether a value of an agent is acceptable; there is false when
// the agent has no such attribute, text when it is not one of text.
type matcher func(text string, there, isText bool) bool

type constraint struct {
	selector *schedulerv1.AttributeConstraint_Selector
	match    matcher
}

func compileConstraint(a *schedulerv1.AttributeConstraint) (constraint, error) {
	switch sel := a.GetSelector(); x := sel.GetSelector().(type) {
	case nil:
		return constraint{}, errors.New("Exactly one of 'AttributeConstraint::Selector::name' or 'AttributeConstraint::Selector::pseudoattribute_type' must be set")
	case *schedulerv1.AttributeConstraint_Selector_PseudoattributeType_:
		if x.PseudoattributeType == schedulerv1.AttributeConstraint_Selector_UNKNOWN {
			return constraint{}, errors.New("Unknown pseudoattribute type")
		}
	}
	match, err := compilePredicate(a.GetPredicate())
	return constraint{a.GetSelector(), match}, err
}

func compilePredicate(p *schedulerv1.AttributeConstraint_Predicate) (matcher, error) {
	switch {
	case p.GetExists() != nil:
		return func(_ string, there, _ bool) bool { return there }, nil
	case p.GetNotExists() != nil:
		return func(_ string, there, _ bool) bool { return !there }, nil
	case p.GetTextEquals() != nil:
		want := p.GetTextEquals().GetValue()
		return func(s string, there, text bool) bool { return there && (!text || s == want) }, nil
	case p.GetTextNotEquals() != nil:
		want := p.GetTextNotEquals().GetValue()
		return func(s string, there, text bool) bool { return !there || !text || s != want }, nil
	case p.GetTextMatches() != nil:
		re, err := compileRegex(p.GetTextMatches().GetRegex())
		return func(s string, there, text bool) bool { return there && (!text || re.MatchString(s)) }, err
	case p.GetTextNotMatches() != nil:
		re, err := compileRegex(p.GetTextNotMatches().GetRegex())
		return func(s string, there, text bool) bool { return !there || !text || !re.MatchString(s) }, err
	}
	return nil, errors.New("Unknown predicate type")
}

// compileRegex compiles a pattern that has to match the whole text.
func compileRegex(pattern string) (*regexp.Regexp, error) {
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		return nil, fmt.Errorf("Failed to construct regex from pattern '%s': %s", pattern, re2Text(err))
	}
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("Failed to construct regex from pattern '%s': %s", pattern, err)
	}
	return re, nil
}

// re2Text is what RE2, which Mesos uses, says of a fault that Go's regexp found:
// the same faults by other names.
func re2Text(err error) string {
	var fault *syntax.Error
	if !errors.As(err, &fault) {
		return err.Error()
	}
	name, ok := map[syntax.ErrorCode]string{
		syntax.ErrInvalidPerlOp: "invalid perl operator", syntax.ErrInvalidRepeatOp: "bad repetition operator",
		syntax.ErrInvalidRepeatSize: "invalid repetition size", syntax.ErrMissingBracket: "missing ]",
		syntax.ErrMissingParen: "missing )", syntax.ErrUnexpectedParen: "missing )",
		syntax.ErrMissingRepeatArgument: "no argument for repetition operator",
		syntax.ErrTrailingBackslash:     "trailing \\", syntax.ErrInvalidNamedCapture: "invalid named capture group",
	}[fault.Code]
	if !ok {
		name = fault.Code.String()
	}
	if fault.Expr == "" {
		return name
	}
	return name + ": " + fault.Expr
}

// acceptsAgents is the question that the allocator asks; nil when there are no
// constraints.
func (m *Master) acceptsAgents(c *schedulerv1.OfferConstraints) func(role, agentID string) bool {
	if len(c.GetRoleConstraints()) == 0 {
		return nil
	}
	roles := map[string][][]constraint{}
	for role, rc := range c.GetRoleConstraints() {
		for _, g := range rc.GetGroups() {
			var group []constraint
			for _, a := range g.GetAttributeConstraints() {
				if compiled, err := compileConstraint(a); err == nil {
					group = append(group, compiled)
				}
			}
			roles[role] = append(roles[role], group)
		}
	}
	return func(role, id string) bool { // called with m.mu held
		groups, some := roles[role]
		ag := m.agents[id]
		return !some || ag != nil && slices.ContainsFunc(groups, func(g []constraint) bool { return ag.meets(g) })
	}
}

// meets says whether the agent is acceptable to all constraints of a group.
func (ag *agent) meets(group []constraint) bool {
	return !slices.ContainsFunc(group, func(c constraint) bool { return !ag.meetsOne(c) })
}

// meetsOne tries the first attribute of that name.
func (ag *agent) meetsOne(c constraint) bool {
	if x, ok := c.selector.GetSelector().(*schedulerv1.AttributeConstraint_Selector_AttributeName); ok {
		for _, a := range ag.info.GetAttributes() {
			if a.GetName() == x.AttributeName {
				return c.match(a.GetText().GetValue(), true, a.GetType() == v1.Value_TEXT)
			}
		}
		return c.match("", false, false)
	}
	fault := ag.info.GetDomain().GetFaultDomain()
	switch c.selector.GetPseudoattributeType() {
	case schedulerv1.AttributeConstraint_Selector_HOSTNAME:
		return c.match(ag.info.GetHostname(), true, true)
	case schedulerv1.AttributeConstraint_Selector_REGION:
		return c.match(fault.GetRegion().GetName(), fault != nil, true)
	case schedulerv1.AttributeConstraint_Selector_ZONE:
		return c.match(fault.GetZone().GetName(), fault != nil, true)
	}
	return false
}
