package resources

//lint:file-ignore ST1005 the texts are those that Mesos sends

import (
	"fmt"
	"strings"
)

// ValidateRole says what is wrong with the name of a role, in Mesos' words
// (common/roles.cpp); "*" is the role of everybody and fine alone.
func ValidateRole(role string) error {
	switch {
	case role == "*":
		return nil
	case strings.HasPrefix(role, "/"):
		return fmt.Errorf("Role '%s' cannot start with a slash", role)
	case strings.HasSuffix(role, "/"):
		return fmt.Errorf("Role '%s' cannot end with a slash", role)
	case strings.Contains(role, "//"):
		return fmt.Errorf("Role '%s' cannot contain two adjacent slashes", role)
	case role == "":
		return fmt.Errorf("Role names cannot be the empty string")
	}
	for part := range strings.SplitSeq(role, "/") {
		switch {
		case part == "." || part == ".." || part == "*":
			return fmt.Errorf("Role '%s' cannot include '%s' as a component", role, part)
		case strings.HasPrefix(part, "-"):
			return fmt.Errorf("Role component '%s' is invalid because it starts with a dash", part)
		case strings.ContainsAny(part, "\t\n\v\f\r \x7f"):
			return fmt.Errorf("Role component '%s' is invalid because it contains backspace or whitespace", part)
		}
	}
	return nil
}

// IsSubrole says whether sub lies strictly below role: "a/b" below "a".
func IsSubrole(role, sub string) bool { return strings.HasPrefix(sub, role+"/") }

// ParentRole is the role above, empty for one at the top.
func ParentRole(role string) string {
	if i := strings.LastIndexByte(role, '/'); i >= 0 {
		return role[:i]
	}
	return ""
}
