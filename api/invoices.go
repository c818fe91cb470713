package api

import (
	"net/http"

	"github.com/google/uuid"

	"remit"
	"remit/api/httpsec"
	"remit/commands"
)

func invoices(c *call) (answer, error) {
	filter := commands.InvoiceFilter{
		Organisation: c.organisation(), Status: remit.InvoiceStatus(c.text("status")), Overdue: c.flag("overdue"), Held: c.flag("held"), Attention: c.flag("attention"),
		Number: c.text("number"),
	}
	if customer := c.text("customer_id"); customer != "" {
		id := uuid.MustParse(customer)
		filter.Customer = &id
	}
	list, err := c.server.commands.Invoices(c.ctx(), c.caller, filter, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, c.invoiceShape))
}

func createInvoice(c *call) (answer, error) {
	made, isNew, err := c.server.commands.CreateInvoice(c.ctx(), c.caller, body(c, invoiceWire.input))
	if err != nil {
		return answer{}, err
	}
	if !isNew {
		return ok(c.invoiceShape(made))
	}
	return created(c.invoiceShape(made))
}

func invoice(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.Invoice(c.ctx(), c.caller, c.id()))
}

func invoicePDF(c *call) (answer, error) {
	pdf, err := c.server.commands.InvoicePDF(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	header := http.Header{}
	httpsec.Attachment(header, mediaPDF, pdf.Name)
	return answer{status: http.StatusOK, raw: pdf.Content, header: header}, nil
}

func updateInvoice(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.UpdateInvoice(c.ctx(), c.caller, c.id(), body(c, invoiceChangeWire.input)))
}

func sendInvoice(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.SendInvoice(c.ctx(), c.caller, c.id()))
}

func processInvoice(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.ProcessInvoice(c.ctx(), c.caller, c.id()))
}

func resetLink(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.ResetLink(c.ctx(), c.caller, c.id()))
}

func voidInvoice(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.VoidInvoice(c.ctx(), c.caller, c.id(), body(c, func(w reasonWire) (string, error) {
		if w.Reason == "" {
			return "No reason was given.", nil
		}
		return w.Reason, nil
	})))
}

func holdInvoice(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.HoldInvoice(c.ctx(), c.caller, c.id(), body(c, func(w reasonWire) (string, error) {
		return w.Reason, nil
	})))
}

func liftHold(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.LiftHold(c.ctx(), c.caller, c.id()))
}

func chargeInvoice(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.ChargeInvoice(c.ctx(), c.caller, c.id()))
}

func switchCharge(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.SwitchCharge(c.ctx(), c.caller, c.id(), body(c, func(w autoChargeWire) (bool, error) { return w.AutoCharge, nil })))
}

func payments(c *call) (answer, error) {
	all, err := c.server.commands.Payments(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	list, err := pageOf(all, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, paymentShape))
}

func recordPayment(c *call) (answer, error) {
	payment, err := c.server.commands.RecordPayment(c.ctx(), c.caller, c.id(), body(c, func(w recordWire) (commands.RecordInput, error) {
		return commands.RecordInput(w), nil
	}))
	if err != nil {
		return answer{}, err
	}
	return created(paymentShape(payment))
}

func timelineOf(c *call) (answer, error) {
	all, err := c.server.commands.Timeline(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	list, err := pageOf(all, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, timelineShape))
}

func (c *call) invoiceAnswer(i remit.Invoice, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: c.invoiceShape(i)}, nil
}

// invoiceWire is an invoice as it arrives. Bounds are the contract's.
type invoiceWire struct {
	Organisation string           `json:"organisation"`
	CustomerID   uuid.UUID        `json:"customer_id"`
	Number       string           `json:"number"`
	Seller       sellerWire       `json:"seller"`
	Currency     string           `json:"currency"`
	IssueDate    remit.Date       `json:"issue_date"`
	DueDate      remit.Date       `json:"due_date"`
	Lines        []lineWire       `json:"lines"`
	Adjustments  []adjustmentWire `json:"adjustments"`
	Total        *int64           `json:"total"`
	Deposit      *depositWire     `json:"deposit"`
	AutoCharge   *bool            `json:"auto_charge"`
}

type depositWire struct {
	Amount  int64       `json:"amount"`
	DueDate *remit.Date `json:"due_date"`
}

// deposit is a deposit as it is meant: an amount of nothing takes away the one that
// is there, whatever its date.
func (w *depositWire) deposit() *remit.Deposit {
	if w == nil {
		return nil
	}
	d := &remit.Deposit{Amount: w.Amount}
	if w.DueDate != nil && w.Amount != 0 {
		d.DueDate = *w.DueDate
	}
	return d
}

type sellerWire struct {
	Name  string `json:"name"`
	TaxID string `json:"tax_id"`
}

type lineWire struct {
	Description string `json:"description"`
	Quantity    string `json:"quantity"`
	UnitPrice   string `json:"unit_price"`
	Amount      int64  `json:"amount"`
}

type adjustmentWire struct {
	Kind        string `json:"kind"`
	Description string `json:"description"`
	Amount      int64  `json:"amount"`
}

func (w invoiceWire) input() (commands.InvoiceInput, error) {
	in := commands.InvoiceInput{
		Organisation: w.Organisation, CustomerID: w.CustomerID, Number: w.Number, Seller: remit.Seller(w.Seller), Currency: w.Currency,
		IssueDate: w.IssueDate, DueDate: w.DueDate, Total: w.Total,
		Deposit: w.Deposit.deposit(), AutoCharge: w.AutoCharge,
	}
	for _, line := range w.Lines {
		in.Lines = append(in.Lines, remit.Line(line))
	}
	for _, adjustment := range w.Adjustments {
		in.Adjustments = append(in.Adjustments, remit.Adjustment(adjustment))
	}
	return in, nil
}

// invoiceChangeWire is a new content for an invoice that is there.
type invoiceChangeWire struct {
	invoiceWire
	Reason string `json:"reason"`
}

func (w invoiceChangeWire) input() (commands.InvoiceInput, error) {
	in, err := w.invoiceWire.input()
	in.Reason = w.Reason
	return in, err
}

type autoChargeWire struct {
	AutoCharge bool `json:"auto_charge"`
}

type reasonWire struct {
	Reason string `json:"reason"`
}

type recordWire struct {
	Amount    int64  `json:"amount"`
	Method    string `json:"method"`
	Reference string `json:"reference"`
}
