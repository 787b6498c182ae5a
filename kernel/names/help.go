package names

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"mesosbook/resources"
)

// helpText is all that :help shows about the names, as Markdown: a "# " heading
// for each group, under it the group's page, then a "## " heading for each name
// with its signature, text and example.
//
//go:embed help.md
var helpText string

// Topic is one page of help, of a name that cells can use.
type Topic struct {
	Group     string // heading it is listed under
	Name      string // what :help takes
	Signature string // how it is called
	Summary   string // one line
	Text      string // Markdown; without heading, signature and example
	Example   string // Go; may be empty
}

// Topics lists the pages of the names, group by group. Each group has a page
// of its own as well, under its name.
func Topics() []Topic {
	return slices.DeleteFunc(pages(), Topic.isGroup)
}

func (t Topic) isGroup() bool { return t.Signature == "" }

// pages lists the pages of all groups, each followed by those of its names.
func pages() []Topic {
	var topics []Topic
	group := ""
	for _, section := range sections(helpText) {
		t := section.topic()
		if section.level == 1 {
			group = t.Name
		}
		t.Group = group
		topics = append(topics, t)
	}
	return topics
}

// Help gives the page of a name or a group as plain text; that of a name which
// is also a group's has the group's behind it. ok is false when there is none.
func Help(name string) (text string, ok bool) {
	topics := pages()
	var found []string
	for i, t := range topics {
		if !strings.EqualFold(t.Name, name) || t.Name != name && has(topics, name) {
			continue
		}
		page := t.page()
		if t.isGroup() {
			page += members(topics[i+1:], t.Group)
		}
		found = append(found, page)
	}
	slices.Reverse(found) // a group stands before its names
	return strings.Join(found, "\n"), len(found) > 0
}

func has(topics []Topic, name string) bool {
	return slices.ContainsFunc(topics, func(t Topic) bool { return t.Name == name })
}

func (t Topic) page() string {
	text := t.title() + "\n"
	if t.Text != "" {
		text += "\n" + t.Text + "\n"
	}
	if t.Example != "" {
		text += "\nExample:\n  " + strings.ReplaceAll(t.Example, "\n", "\n  ") + "\n"
	}
	return text
}

// members lists the names of a group.
func members(topics []Topic, group string) string {
	var b strings.Builder
	b.WriteString("\nNames:\n")
	for _, t := range topics {
		if t.Group == group {
			fmt.Fprintf(&b, "  %-20s %s\n", t.Name, t.Summary)
		}
	}
	return b.String()
}

func (t Topic) title() string {
	if t.isGroup() {
		return "About " + t.Name
	}
	return t.Signature
}

// Nearest suggests the page that was probably meant.
func Nearest(name string) (string, bool) {
	var all []string
	for _, t := range pages() {
		all = append(all, t.Name)
	}
	return resources.Nearest(name, all)
}

// helpSection is one heading of help.md with what follows it.
type helpSection struct {
	level int
	title string
	body  []string
}

func sections(markdown string) []helpSection {
	var all []helpSection
	fenced := false
	for _, line := range strings.Split(markdown, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		title, isName := strings.CutPrefix(line, "## ")
		group, isGroup := strings.CutPrefix(line, "# ")
		switch {
		case !fenced && isName:
			all = append(all, helpSection{2, title, nil})
		case !fenced && isGroup:
			all = append(all, helpSection{1, group, nil})
		case len(all) > 0:
			all[len(all)-1].body = append(all[len(all)-1].body, line)
		}
	}
	return all
}

// topic reads a section: an indented line is the signature, a go block the
// example, the first paragraph the summary.
func (h helpSection) topic() Topic {
	t := Topic{Name: h.title}
	var text, example []string
	fenced := false
	for _, line := range h.body {
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced:
			example = append(example, line)
		case h.level == 2 && strings.HasPrefix(line, "    ") && t.Signature == "":
			t.Signature = strings.TrimSpace(line)
		default:
			text = append(text, line)
		}
	}
	t.Text = strings.TrimSpace(strings.Join(text, "\n"))
	t.Example = strings.Join(example, "\n")
	t.Summary, _, _ = strings.Cut(t.Text, "\n\n")
	t.Summary = strings.Join(strings.Fields(t.Summary), " ")
	if first, _, found := strings.Cut(t.Summary, ". "); found {
		t.Summary = first
	}
	t.Summary = strings.TrimSuffix(t.Summary, ".")
	return t
}

// Summary is the one line about a name or a group; empty when there is none.
func Summary(name string) string {
	for _, t := range Topics() {
		if t.Name == name {
			return t.Summary
		}
	}
	return ""
}
