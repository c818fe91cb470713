package page

import (
	"remit"
	"remit/portal/static"
)

// Shell is what surrounds every page.
type Shell struct {
	Title        string // of the page, without the product's name
	Path         string // of the request, to mark where one is and to come back to
	Person       string // "" for who is not signed in
	Nav          []Link
	Side         *Side    // a second navigation, beside the page
	Organisation string   // the one chosen
	Choices      []string // the organisations to choose from, if several
	Theme        string   // "light", "dark" or "" for the system's
	TestMode     bool     // no money moves
	MoneyOff     bool     // nor does any for as long as nobody has looked
	Done         string   // what the last request did
	Width        string   // "payer", "narrow" or "" for the full width
	Refresh      int      // seconds after which a page without script looks again
	Problems     Problems
	Framed       bool  // it may stand in a frame of another site, in which no other page does
	Skip         *Link // a first way past what stands above, to what most come for
}

// Link is an entry of a navigation.
type Link struct {
	Label   string
	Href    string
	Current bool
}

// Side is a navigation of its own beside a page.
type Side struct {
	Label string
	Links []Link
}

// Problems are what is wrong with what was sent: a message about the whole, or
// one for each field.
type Problems struct {
	Message string
	Fields  []remit.FieldError
}

// Any reports whether anything is wrong.
func (p Problems) Any() bool { return p.Message != "" || len(p.Fields) > 0 }

// Of is what is wrong with a field.
func (p Problems) Of(field string) string {
	for _, f := range p.Fields {
		if f.Field == field {
			return f.Message
		}
	}
	return ""
}

// title is the document's title.
func (s Shell) title() string {
	title := s.Title + " – Remit"
	if s.Problems.Any() {
		return "Error: " + title
	}
	return title
}

func (s Shell) mainClass() string { return "wide " + s.Width }

// htmxConfig switches off what a strict content security policy forbids, and
// makes answers with an error take their place on the page.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"historyCacheSize":0,` +
	`"methodsThatUseUrlParams":["get"],"attributesToSettle":["class","width","height"],` +
	`"responseHandling":[{"code":"204","swap":false},{"code":"[2345]..","swap":true}]}`

func asset(name string) string { return static.URL(name) }
