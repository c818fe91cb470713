package remit

import (
	"testing"
	"time"
)

// Z9: who of the organisation gave a customer's word is kept with it until the customer
// gives one himself; a request sent again takes no name away, and no later word forgets
// that a no was taken back.
func TestWhoGaveACustomersWordIsKept(t *testing.T) {
	yes, no, monday := new(true), new(false), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ana, bo := Actor{Kind: "user", Name: "Ana"}, Actor{Kind: "user", Name: "Bo"}
	byAna, freed := &CustomerWord{By: ana}, &CustomerWord{By: ana, Freed: &monday}
	for what, c := range map[string]struct {
		stands *bool
		by     *CustomerWord
		word   *bool
		who    *Actor
		want   *CustomerWord
	}{
		"a yes in his name":                  {nil, nil, yes, &ana, byAna},
		"his no taken back":                  {no, nil, nil, &ana, freed},
		"his no made a yes":                  {no, nil, yes, &ana, freed},
		"asked again, also by another":       {yes, freed, yes, &bo, freed},
		"another word after a no taken back": {nil, freed, yes, &bo, &CustomerWord{By: bo, Freed: &monday}},
		"a no in his name":                   {yes, byAna, no, &bo, nil},
		"his own yes":                        {yes, byAna, yes, nil, nil},
		"his own no":                         {yes, byAna, no, nil, nil},
		"what he said himself, saved again":  {yes, nil, yes, &bo, nil},
	} {
		got := WordGiven(Customer{AutoCharge: c.stands, WordBy: c.by}, c.word, c.who, monday)
		same := (got == nil) == (c.want == nil) && (got == nil || got.By == c.want.By && (got.Freed == nil) == (c.want.Freed == nil) && (got.Freed == nil || got.Freed.Equal(*c.want.Freed)))
		if !same {
			t.Errorf("%s: %+v, want %+v", what, got, c.want)
		}
	}
}
