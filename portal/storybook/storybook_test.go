package storybook_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"remit/portal/storybook"
)

// each renders every story once and hands over its text and its tree.
func each(t *testing.T, check func(t *testing.T, name, text string, root *html.Node)) {
	t.Helper()
	for name, story := range storybook.Stories("light") {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			if err := story.Render(t.Context(), &text); err != nil {
				t.Fatal(err)
			}
			root, err := html.Parse(strings.NewReader(text.String()))
			if err != nil {
				t.Fatal(err)
			}
			check(t, name, text.String(), root)
		})
	}
}

// Protects reading and navigation: one first heading, none skipped, no empty
// link, every control with a name, every id once, every reference kept.
func TestEveryPageIsWellFormed(t *testing.T) {
	each(t, func(t *testing.T, _, text string, root *html.Node) {
		t.Helper()
		d := read(root)
		if d.headings[0] != 1 || strings.Count(fmt.Sprint(d.headings), "1") != 1 {
			t.Errorf("headings %v", d.headings)
		}
		for i, level := range d.headings[1:] {
			if level > d.headings[i]+1 {
				t.Errorf("heading %d follows %d", level, d.headings[i])
			}
		}
		for _, wrong := range d.wrong {
			t.Error(wrong)
		}
		for _, ref := range d.references {
			if d.ids[ref] == 0 {
				t.Errorf("nothing has the id %q", ref)
			}
		}
		for id, n := range d.ids {
			if n > 1 {
				t.Errorf("%d elements have the id %q", n, id)
			}
		}
		if strings.Contains(text, " style=") || strings.Contains(text, " onclick=") || strings.Contains(text, "hx-on") || strings.Contains(text, "<style") {
			t.Error("inline style or script, which the content security policy forbids")
		}
	})
}

// Protects payers from words that are for staff or tell a thief too much.
func TestPayersReadNoCodes(t *testing.T) {
	secret := regexp.MustCompile(`(?i)\b(fraud\w*|stolen|lost|lost_card|decline_code|insufficient_funds|do_not_honor|pi_\w+|ch_\w+|requires_\w+|rule\b)`)
	each(t, func(t *testing.T, name, text string, _ *html.Node) {
		t.Helper()
		if !storybook.ForPayers(name) {
			return
		}
		if found := secret.FindString(text); found != "" {
			t.Errorf("holds %q", found)
		}
	})
}

// Protects hosts from being talked to: pages load nothing from elsewhere.
func TestNothingComesFromElsewhere(t *testing.T) {
	foreign := regexp.MustCompile(`(src|action|hx-get|hx-post)="https?:`)
	each(t, func(t *testing.T, _, text string, _ *html.Node) {
		t.Helper()
		if found := foreign.FindString(text); found != "" {
			t.Errorf("holds %s", found)
		}
	})
}

type document struct {
	headings   []int
	ids        map[string]int
	references []string
	wrong      []string
	labels     map[string]bool
}

func read(root *html.Node) document {
	d := document{ids: map[string]int{}, labels: map[string]bool{}}
	d.walk(root, func(n *html.Node) {
		if n.Data == "label" {
			d.labels[attribute(n, "for")] = true
		}
	})
	d.walk(root, d.look)
	return d
}

func (d *document) walk(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		d.walk(child, visit)
	}
}

func (d *document) look(n *html.Node) {
	if id := attribute(n, "id"); id != "" {
		d.ids[id]++
	}
	for _, name := range []string{"aria-describedby", "aria-labelledby", "for"} {
		d.references = append(d.references, strings.Fields(attribute(n, name))...)
	}
	switch n.Data {
	case "h1", "h2", "h3", "h4":
		d.headings = append(d.headings, int(n.Data[1]-'0'))
	case "a":
		href := attribute(n, "href")
		if href == "" || href == "about:invalid#TemplFailedSanitizationURL" {
			d.wrong = append(d.wrong, fmt.Sprintf("the link %q leads nowhere", text(n)))
		}
		if after, local := strings.CutPrefix(href, "#"); local {
			d.references = append(d.references, after)
		}
		if strings.TrimSpace(text(n)) == "" {
			d.wrong = append(d.wrong, "the link to "+href+" has no words")
		}
	case "button":
		if strings.TrimSpace(text(n)) == "" && attribute(n, "aria-label") == "" {
			d.wrong = append(d.wrong, "a button has no words")
		}
	case "input", "select", "textarea":
		if attribute(n, "type") == "hidden" || attribute(n, "aria-label") != "" || d.labels[attribute(n, "id")] || inside(n, "label") {
			return
		}
		d.wrong = append(d.wrong, fmt.Sprintf("the field %q has no label", attribute(n, "name")))
	case "form":
		if attribute(n, "action") == "" {
			d.wrong = append(d.wrong, "a form leads nowhere without script")
		}
	case "td":
		if strings.Contains(attribute(n, "class"), "wrong") {
			d.wrong = append(d.wrong, "a cell is an error")
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func inside(n *html.Node, element string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == element {
			return true
		}
	}
	return false
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var all strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		all.WriteString(text(child))
	}
	return all.String()
}
