package api

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func dueDateRuns(c *call) (answer, error) {
	list, err := c.server.commands.DueDateRuns(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, dueDateRunShape))
}

func startDueDateRun(c *call) (answer, error) {
	run, err := c.server.commands.StartDueDateRun(c.ctx(), c.caller, "", body(c, func(w dueDateRunWire) (commands.DueDateInput, error) {
		in := commands.DueDateInput{Organisation: w.Organisation, DryRun: w.DryRun}
		if w.AsOf != nil {
			in.AsOf = *w.AsOf
		}
		return in, nil
	}))
	if err != nil {
		return answer{}, err
	}
	report, err := c.server.commands.DueDateRun(c.ctx(), c.caller, run.ID, commands.Page{})
	if err != nil {
		return answer{}, err
	}
	status := http.StatusCreated
	if report.Run.State == remit.RunRunning {
		status = http.StatusAccepted
	}
	return answer{status: status, body: dueDateReportShape(report), header: http.Header{"Location": {"/v1/due-date-runs/" + run.ID.String()}}}, nil
}

func dueDateRun(c *call) (answer, error) {
	report, err := c.server.commands.DueDateRun(c.ctx(), c.caller, c.id(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(dueDateReportShape(report))
}

type dueDateRunWire struct {
	Organisation string      `json:"organisation"`
	AsOf         *remit.Date `json:"as_of"`
	DryRun       bool        `json:"dry_run"`
}

// dueDateRunBody is a run as it stands in a list.
type dueDateRunBody struct {
	ID           uuid.UUID          `json:"id"`
	Organisation string             `json:"organisation"`
	AsOf         remit.Date         `json:"as_of"`
	DryRun       bool               `json:"dry_run"`
	State        remit.RunState     `json:"state"`
	Stage        remit.DueDateStage `json:"stage"`
	Failure      *string            `json:"failure"`
	Found        int                `json:"found"`
	Charged      int                `json:"charged"`
	Processing   int                `json:"processing"`
	Declined     int                `json:"declined"`
	Skipped      int                `json:"skipped"`
	Failed       int                `json:"failed"`
	Notices      int                `json:"notices"`
	NoticesBad   int                `json:"notices_failed"`
	NoticeBad    *string            `json:"notice_failure"`
	Sums         []importSumBody    `json:"sums"`
	ComparedWith *uuid.UUID         `json:"compared_with"`
	Actor        actorBody          `json:"actor"`
	CreatedAt    time.Time          `json:"created_at"`
	EndedAt      *time.Time         `json:"ended_at"`
	TookMS       *int64             `json:"took_ms"`
}

func dueDateRunShape(r remit.DueDateRun) dueDateRunBody {
	body := dueDateRunBody{
		ID: r.ID, Organisation: r.Organisation, AsOf: r.AsOf, DryRun: r.DryRun, State: r.State, Stage: r.Stage, Failure: orNull(r.Failure),
		Found: r.Counts.Found, Charged: r.Counts.Charged, Processing: r.Counts.Processing, Declined: r.Counts.Declined,
		Skipped: r.Counts.Skipped, Failed: r.Counts.Failed, Notices: r.Counts.Notices,
		NoticesBad: r.Counts.NoticesFailed, NoticeBad: orNull(r.NoticeFailure),
		Sums: []importSumBody{}, ComparedWith: r.ComparedWith, Actor: actorBody(r.Actor), CreatedAt: r.CreatedAt.UTC(), EndedAt: utc(r.EndedAt),
	}
	for _, currency := range slices.Sorted(maps.Keys(r.Sums)) {
		body.Sums = append(body.Sums, importSumBody{Currency: currency, Amount: r.Sums[currency]})
	}
	if r.EndedAt != nil {
		took := r.Took.Milliseconds()
		body.TookMS = &took
	}
	return body
}

// dueDateReportBody is a run with a page of its charges and what came otherwise
// than it was forecast.
type dueDateReportBody struct {
	dueDateRunBody
	Entries     listBody[dueDateEntryBody] `json:"entries"`
	Differences []dueDateEntryBody         `json:"differences"`
	Unmade      unmadeBody                 `json:"not_yet_made"`
}

// unmadeBody are charges of invoices that billing schedules are yet to make.
type unmadeBody struct {
	Count int                `json:"count"`
	More  bool               `json:"more_schedules"`
	Data  []unmadeChargeBody `json:"data"`
}

type unmadeChargeBody struct {
	ScheduleID   uuid.UUID  `json:"schedule_id"`
	Schedule     string     `json:"schedule"`
	CustomerName string     `json:"customer_name"`
	Number       string     `json:"number"`
	IssueDate    remit.Date `json:"issue_date"`
	DueDate      remit.Date `json:"due_date"`
	ChargeDate   remit.Date `json:"charge_date"`
	Amount       int64      `json:"amount"`
	Currency     string     `json:"currency"`
}

func unmadeShape(u commands.UnmadeCharges) unmadeBody {
	body := unmadeBody{Count: u.Count, More: u.More, Data: make([]unmadeChargeBody, len(u.Charges))}
	for n, c := range u.Charges {
		body.Data[n] = unmadeChargeBody{
			ScheduleID: c.ScheduleID, Schedule: c.Schedule, CustomerName: c.CustomerName, Number: c.Invoice.Number,
			IssueDate: c.Invoice.IssueDate, DueDate: c.Invoice.DueDate, ChargeDate: c.On, Amount: c.Invoice.Total.Minor, Currency: string(c.Invoice.Total.Currency),
		}
	}
	return body
}

func dueDateReportShape(r commands.DueDateReport) dueDateReportBody {
	return dueDateReportBody{dueDateRunShape(r.Run), listed(r.Entries, dueDateEntryShape), listed(commands.List[remit.DueDateEntry]{Items: r.Differences}, dueDateEntryShape).Data, unmadeShape(r.Unmade)}
}

type dueDateEntryBody struct {
	InvoiceID      uuid.UUID  `json:"invoice_id"`
	Number         string     `json:"number"`
	CustomerName   string     `json:"customer_name"`
	At             time.Time  `json:"at"`
	Amount         int64      `json:"amount"`
	Surcharge      int64      `json:"surcharge"`
	Currency       string     `json:"currency"`
	Method         *string    `json:"method"`
	Outcome        *string    `json:"outcome"`
	Reason         *string    `json:"reason"`
	Forecast       *string    `json:"forecast"`
	ForecastAmount int64      `json:"forecast_amount"`
	ForecastFee    int64      `json:"forecast_surcharge"`
	ForecastReason *string    `json:"forecast_reason"`
	Attempt        *uuid.UUID `json:"attempt"`
}

func dueDateEntryShape(e remit.DueDateEntry) dueDateEntryBody {
	return dueDateEntryBody{
		InvoiceID: e.InvoiceID, Number: e.Number, CustomerName: e.CustomerName, At: e.At.UTC(), Amount: e.Amount, Surcharge: e.Surcharge, Currency: e.Currency,
		Method: orNull(e.Method), Outcome: orNull(string(e.Outcome)), Reason: orNull(e.Reason),
		Forecast: orNull(string(e.Forecast)), ForecastAmount: e.ForecastAmount, ForecastFee: e.ForecastFee, ForecastReason: orNull(e.ForecastReason), Attempt: e.Attempt,
	}
}
