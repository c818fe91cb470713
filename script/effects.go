package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"remit"
)

// Kind is what an effect does to the invoice that was paid.
type Kind string

// The effects there are. None of them is about money, and none names an
// invoice: they are for the one whose payment was recorded.
const (
	SetLabel  Kind = "set_label"
	AddNote   Kind = "add_note"
	AddTag    Kind = "add_tag"
	RemoveTag Kind = "remove_tag"
)

// Limits of effects, in characters and in number.
const (
	MaxLabel   = 60
	MaxNote    = 500
	MaxTag     = 40
	MaxEffects = 20 // of one run
	MaxTags    = 20 // on one invoice
	MaxNotes   = 50 // on one invoice
)

// Effect is one thing a script asks for.
type Effect struct {
	Kind Kind
	Text string
}

// MarshalJSON writes an effect as scripts do: {"set_label": "Paid"}.
func (e Effect) MarshalJSON() ([]byte, error) { return json.Marshal(map[Kind]string{e.Kind: e.Text}) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Effect) UnmarshalJSON(raw []byte) error {
	read, err := effectOf(raw)
	if err != nil {
		return err
	}
	*e = read
	return nil
}

// String says what the effect does.
func (e Effect) String() string {
	switch e.Kind {
	case SetLabel:
		return fmt.Sprintf("label %q", e.Text)
	case AddNote:
		return fmt.Sprintf("note %q", e.Text)
	case AddTag:
		return fmt.Sprintf("tag %q", e.Text)
	case RemoveTag:
		return fmt.Sprintf("no tag %q", e.Text)
	}
	return string(e.Kind)
}

// Apply writes the effects on an invoice: all of them, or none where they do
// not fit. by is who the notes are from.
func Apply(i *remit.Invoice, effects []Effect, note func(text string) remit.Note) error {
	label, tags, notes := i.Label, slices.Clone(i.Tags), slices.Clone(i.Notes)
	for _, e := range effects {
		switch e.Kind {
		case SetLabel:
			label = e.Text
		case AddNote:
			notes = append(notes, note(e.Text))
		case AddTag:
			if !slices.Contains(tags, e.Text) {
				tags = append(tags, e.Text)
			}
		case RemoveTag:
			tags = slices.DeleteFunc(tags, func(tag string) bool { return tag == e.Text })
		}
	}
	if len(tags) > MaxTags {
		return failuref("An invoice has at most %d tags.", MaxTags)
	}
	if len(notes) > MaxNotes {
		return failuref("An invoice has at most %d notes.", MaxNotes)
	}
	i.Label, i.Tags, i.Notes = label, tags, notes
	return nil
}

// effectsOf lets the listed effects pass and refuses everything else.
func effectsOf(raw []json.RawMessage) ([]Effect, error) {
	if len(raw) > MaxEffects {
		return nil, failuref("It asks for %d things; %d is the most.", len(raw), MaxEffects)
	}
	effects := make([]Effect, 0, len(raw))
	for n, each := range raw {
		e, err := effectOf(each)
		if err != nil {
			return nil, failuref("Effect %d: %s", n+1, err)
		}
		effects = append(effects, e)
	}
	return effects, nil
}

func effectOf(raw json.RawMessage) (Effect, error) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil || given == nil {
		return Effect{}, failuref("an effect is a dict such as {\"set_label\": \"Paid\"}, not %s", short(string(bytes.TrimSpace(raw))))
	}
	var e Effect
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains([]Kind{SetLabel, AddNote, AddTag, RemoveTag}, Kind(key)) {
			return Effect{}, failuref("`%s` is not for a script to change. It may set_label, add_note, add_tag and remove_tag on the invoice that was paid.", short(key))
		}
		if e.Kind != "" {
			return Effect{}, failuref("it does two things, %s and %s; make it two effects", e.Kind, key)
		}
		e.Kind = Kind(key)
	}
	if e.Kind == "" {
		return Effect{}, failuref("it is empty")
	}
	if err := json.Unmarshal(given[string(e.Kind)], &e.Text); err != nil {
		return Effect{}, failuref("%s takes a text", e.Kind)
	}
	return e, e.check()
}

// check holds the text to its bounds.
func (e *Effect) check() error {
	e.Text = strings.TrimSpace(e.Text)
	most := map[Kind]int{SetLabel: MaxLabel, AddNote: MaxNote, AddTag: MaxTag, RemoveTag: MaxTag}[e.Kind]
	switch {
	case e.Text == "" && e.Kind != SetLabel: // an empty label takes the label off
		return failuref("%s takes a text that is not empty", e.Kind)
	case utf8.RuneCountInString(e.Text) > most:
		return failuref("%s takes at most %d characters", e.Kind, most)
	case strings.ContainsFunc(e.Text, func(r rune) bool { return unicode.IsControl(r) && (r != '\n' || e.Kind != AddNote) }):
		return failuref("%s takes no control characters", e.Kind)
	}
	return nil
}
