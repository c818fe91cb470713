package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"remit/commands"
)

func advanceClock(c *call) (answer, error) {
	result, err := c.server.commands.AdvanceClock(c.ctx(), c.caller, body(c, func(w advanceWire) (commands.ClockInput, error) {
		in := commands.ClockInput{Organisation: w.Organisation, Days: w.Days}
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
}

type firedBody struct {
	At        time.Time  `json:"at"`
	What      string     `json:"what"`
	InvoiceID *uuid.UUID `json:"invoice_id"`
}

func advancedShape(r commands.ClockResult) advancedBody {
	body := advancedBody{Organisation: r.Organisation, Now: r.Now.UTC(), Done: r.Done, Fired: make([]firedBody, len(r.Fired))}
	for i, row := range r.Fired {
		body.Fired[i] = firedBody{At: row.At.UTC(), What: row.What}
		if row.InvoiceID != uuid.Nil {
			body.Fired[i].InvoiceID = &row.InvoiceID
		}
	}
	return body
}
