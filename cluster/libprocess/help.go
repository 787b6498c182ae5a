package libprocess

import (
	"encoding/json"
	"html"
	"net/http"
	"slices"
	"strings"
)

// Page is what there is to say about an endpoint.
type Page struct {
	Process string // "master"
	Name    string // "/state", or "/" for the process itself
	Brief   string // one line; empty: there is no page
	More    string // further lines, or empty
	Secret  bool   // asks for credentials where there are any
}

// Help answers /help and what is below it (help.cpp). Delegate is the process
// whose endpoints are also found without its name.
type Help struct {
	Delegate string
	Pages    []Page
}

// path of an endpoint, without the slash in front.
func (p Page) path() string { return p.Process + strings.TrimSuffix(p.Name, "/") }

const indent = ">        "

func (h *Help) document(p Page) string {
	if p.Brief == "" {
		return "## No help page for `/" + p.path() + "`\n"
	}
	s := "### USAGE ###\n"
	if p.Process == h.Delegate {
		s += indent + strings.TrimSuffix(p.Name, "/") + "\n"
	}
	s += indent + "/" + p.path() + "\n\n### TL;DR; ###\n" + p.Brief + "\n"
	if p.More != "" {
		s += "\n### DESCRIPTION ###\n" + p.More + "\n"
	}
	s += "\n### AUTHENTICATION ###\n"
	if p.Secret {
		return s + "Credentials are needed where HTTP authentication is on.\n"
	}
	return s + "No credentials are needed.\n"
}

// of gives the pages of a process by name, sorted; nil for an unknown one.
func (h *Help) of(process string) []Page {
	var out []Page
	for _, p := range h.Pages {
		if p.Process == process {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Page) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (h *Help) processes() []string {
	var out []string
	for _, p := range h.Pages {
		if !slices.Contains(out, p.Process) {
			out = append(out, p.Process)
		}
	}
	slices.Sort(out)
	return out
}

// Serve answers a path below /help, "" for /help itself. found is false where
// libprocess has no route: for the id of no process.
func (h *Help) Serve(path string, q Query, userAgent string) (a Answer, found bool) {
	id, name, named := strings.Cut(strings.Trim(path, "/"), "/")
	if id == "" {
		if format, _ := q.Get("format"); format == "json" {
			return h.json(), true
		}
		return render(h.index(), userAgent), true
	}
	pages := h.of(id)
	if pages == nil {
		return Answer{}, false
	}
	if !named {
		return render(h.list(id, pages), userAgent), true
	}
	for _, p := range pages {
		if p.Name == "/"+name {
			return render(h.document(p)+"\n", userAgent), true
		}
	}
	return badRequest("No help available for '/" + id + "/" + name + "'.\n"), true
}

func (h *Help) index() string {
	list, links := "## HELP\n", ""
	for _, id := range h.processes() {
		list += "> [/" + id + "][" + id + "]\n"
		links += "[" + id + "]: help/" + id + "\n"
	}
	return list + "\n" + links
}

func (h *Help) list(id string, pages []Page) string {
	list, links := "## `/"+id+"` ##\n", ""
	for _, p := range pages {
		list += "> [/" + p.path() + "][" + p.path() + "]\n"
		links += "[" + p.path() + "]: " + p.path() + "\n"
	}
	return list + "\n" + links
}

func (h *Help) json() Answer {
	type endpoint struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
	type process struct {
		ID        string     `json:"id"`
		Endpoints []endpoint `json:"endpoints"`
	}
	var all struct {
		Processes []process `json:"processes"`
	}
	for _, id := range h.processes() {
		one := process{ID: id}
		for _, p := range h.of(id) {
			one.Endpoints = append(one.Endpoints, endpoint{p.Name, h.document(p)})
		}
		all.Processes = append(all.Processes, one)
	}
	body, err := json.Marshal(all)
	if err != nil {
		return text(http.StatusInternalServerError, err.Error()) // strings alone cannot fail
	}
	return Answer{http.StatusOK, "application/json", body}
}

// render gives Markdown to programs that show text, and a page to browsers.
func render(markdown, userAgent string) Answer {
	if strings.HasPrefix(userAgent, "curl") || strings.HasPrefix(userAgent, "HTTPie") {
		return Answer{http.StatusOK, "text/x-markdown", []byte(markdown)}
	}
	return Answer{http.StatusOK, "text/html", []byte("<!doctype html>\n<html><head><title>Help</title></head><body><pre>\n" +
		html.EscapeString(markdown) + "</pre></body></html>\n")}
}
