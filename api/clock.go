package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"remit/commands"
)

func advanceClock(c *call) (answer, error) {
	result, err := c.server.commands.AdvanceClock(c.ctx(), c.caller, body(c, func(w advanceWire) (commands.ClockInput, error) {
		in := commands.ClockInput{Organisation: w.Organisation, Days: w.Days, Tell: true}
		if w.To != nil {
			in.To = *w.To
		}
		return in, nil
	}))
	if err != nil {
		return answer{}, err
	}
	status := http.StatusOK
	if !result.Done {
		status = http.StatusAccepted
	}
	return answer{status: status, body: advancedShape(result)}, nil
}

type advanceWire struct {
	Organisation string     `json:"organisation"`
	To           *time.Time `json:"to"`
	Days         int        `json:"days"`
}

type advancedBody struct {
	Organisation string      `json:"organisation"`
	Now          time.Time   `json:"now"`
	Done         bool        `json:"done"`
	Fired        []firedBody `json:"fired"`
	Happened     []storyBody `json:"happened"`
	More         bool        `json:"more"`
	Looks        int         `json:"looks"`
	Nights       int         `json:"reconciliations"`
}

type firedBody struct {
	At        time.Time  `json:"at"`
	What      string     `json:"what"`
	InvoiceID *uuid.UUID `json:"invoice_id"`
}

type storyBody struct {
	At        time.Time  `json:"at"`
	About     string     `json:"about"`
	InvoiceID *uuid.UUID `json:"invoice_id"`
	What      string     `json:"what"`
}

func advancedShape(r commands.ClockResult) advancedBody {
	body := advancedBody{Organisation: r.Organisation, Now: r.Now.UTC(), Done: r.Done, Fired: make([]firedBody, len(r.Fired)),
		Happened: make([]storyBody, len(r.Story.Lines)), More: r.Story.More, Looks: r.Story.Looks, Nights: r.Story.Reconciliations}
	for i, row := range r.Fired {
		body.Fired[i] = firedBody{At: row.At.UTC(), What: row.What}
		if row.InvoiceID != uuid.Nil {
			body.Fired[i].InvoiceID = &row.InvoiceID
		}
	}
	for i, line := range r.Story.Lines {
		body.Happened[i] = storyBody{At: line.At.UTC(), About: line.About, What: line.What}
		if line.InvoiceID != uuid.Nil {
			body.Happened[i].InvoiceID = &line.InvoiceID
		}
	}
	return body
}
