package portal

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

// blankLines is how many empty lines the editor offers below those there are.
const blankLines = 2

// newInvoicePage is the editor for a new invoice (U13).
func (v *visit) newInvoicePage() error {
	if !v.anywhere(remit.InvoiceEdit) {
		return remit.Forbidden(remit.InvoiceEdit.String(), v.place())
	}
	view := page.InvoiceForm{
		Shell: v.shell("New invoice", ""), Currency: v.currency(v.place()), Key: newKey(), Customer: v.query("customer"),
		Issued: remit.DateOf(v.today()).String(),
	}
	return v.showEditor(http.StatusOK, view)
}

func (v *visit) currency(path string) string {
	for _, o := range v.organisationTree() {
		if o.Path == path {
			return o.Currency
		}
	}
	return ""
}

// showEditor fills up the lines and the choices.
func (v *visit) showEditor(status int, view page.InvoiceForm) error {
	if view.Existing == nil {
		customers, err := v.customersToChoose(view.Customer)
		if err != nil {
			return err
		}
		view.Customers = customers
		view.Terms = v.termsWords(view.Issued)
	}
	for range blankLines {
		view.Lines = append(view.Lines, page.LineFields{})
	}
	view.Adjustments = append(view.Adjustments, page.AdjustmentFields{})
	return v.show(status, page.InvoiceFormPage(view))
}

// termsWords say which day an invoice is due on that names none. Who may not see
// the payment settings reads that there are terms.
func (v *visit) termsWords(issued string) string {
	settings, err := v.do.PaymentSettings(v.ctx(), v.caller, v.place())
	if err != nil {
		return "Empty: by the payment terms."
	}
	words := "Empty: by the payment terms, " + page.Count(settings.PaymentTerms, "day", "days") + " from its issue"
	if day, err := remit.ParseDate(issued); err == nil {
		words += ", " + page.Date(day.AddDays(settings.PaymentTerms))
	}
	return words + "."
}

func (v *visit) newInvoice() error {
	view := v.editorFields(page.InvoiceForm{Shell: v.shell("New invoice", "")})
	if v.typed("add") != "" {
		return v.showEditor(http.StatusOK, view)
	}
	invoice, _, err := v.do.CreateInvoice(v.ctx(), v.caller, v.invoiceBody(&view))
	if err != nil {
		return v.editorAgain(view, err)
	}
	if v.typed("then") == "send" {
		if _, err := v.do.SendInvoice(v.ctx(), v.caller, invoice.ID); err != nil && remit.AsError(err).Kind != remit.KindConflict {
			return err
		}
		return v.goTo("/invoices/"+invoice.ID.String(), "sent")
	}
	return v.goTo("/invoices/"+invoice.ID.String(), "saved")
}

// editInvoicePage is the editor for a draft, or for amending a sent invoice.
func (v *visit) editInvoicePage() error {
	i, err := v.seenInvoice()
	if err != nil {
		return err
	}
	if !v.may(i.Organisation, remit.InvoiceEdit) {
		return remit.Forbidden(remit.InvoiceEdit.String(), i.Organisation)
	}
	view := page.InvoiceForm{
		Shell: v.shell("Edit "+i.Number, ""), Existing: &i, Customer: i.CustomerID.String(), Number: i.Number, Currency: i.Currency, Key: newKey(),
		Issued: i.IssueDate.String(), Due: i.DueDate.String(), SellerName: i.Seller.Name, SellerTax: i.Seller.TaxID,
	}
	view.AutoCharge = map[bool]string{true: "yes", false: "no"}[i.Settings.AutoCharge.On]
	if i.Deposit != nil {
		view.Deposit, view.DepositDue = page.Typed(i.Deposit.Amount, i.Currency), i.Deposit.DueDate.String()
	}
	for _, l := range i.Lines {
		view.Lines = append(view.Lines, page.LineFields{Description: l.Description, Quantity: l.Quantity, UnitPrice: l.UnitPrice})
	}
	for _, a := range i.AsItCame().Adjustments {
		view.Adjustments = append(view.Adjustments, page.AdjustmentFields{Kind: a.Kind, Description: a.Description, Amount: page.Typed(a.Amount, i.Currency)})
	}
	return v.showEditor(http.StatusOK, view)
}

func (v *visit) editInvoice() error {
	i, err := v.seenInvoice()
	if err != nil {
		return err
	}
	view := v.editorFields(page.InvoiceForm{Shell: v.shell("Edit "+i.Number, ""), Existing: &i})
	if v.typed("add") != "" {
		return v.showEditor(http.StatusOK, view)
	}
	if _, err := v.do.UpdateInvoice(v.ctx(), v.caller, i.ID, v.invoiceBody(&view)); err != nil {
		return v.editorAgain(view, err)
	}
	return v.goTo("/invoices/"+i.ID.String(), "saved")
}

func (v *visit) editorAgain(view page.InvoiceForm, err error) error {
	p, status, mendable := problems(err, "customer_id", "number", "currency", "issue_date", "due_date", "seller.name", "seller.tax_id", "lines[]", "adjustments[]", "reason",
		"deposit.amount", "deposit.due_date", "auto_charge")
	if !mendable {
		return err
	}
	view.Problems = p
	return v.showEditor(status, view)
}

// editorFields takes over what was typed; lines left empty are left out.
func (v *visit) editorFields(view page.InvoiceForm) page.InvoiceForm {
	view.Customer, view.Number, view.Currency, view.Key = v.typed("customer_id"), v.typed("number"), v.typed("currency"), v.typed("key")
	view.Issued, view.Due, view.Reason = v.typed("issue_date"), v.typed("due_date"), v.typed("reason")
	view.SellerName, view.SellerTax = v.typed("seller_name"), v.typed("seller_tax_id")
	view.Deposit, view.DepositDue, view.AutoCharge = v.typed("deposit"), v.typed("deposit_due"), v.typed("auto_charge")
	form := v.gin.Request.PostForm
	at := func(name string, n int) string {
		if n < len(form[name]) {
			return form[name][n]
		}
		return ""
	}
	for n := range form["line_description"] {
		line := page.LineFields{Description: at("line_description", n), Quantity: at("line_quantity", n), UnitPrice: at("line_unit_price", n)}
		if line != (page.LineFields{}) {
			view.Lines = append(view.Lines, line)
		}
	}
	for n := range form["adjustment_kind"] {
		adjustment := page.AdjustmentFields{Kind: at("adjustment_kind", n), Description: at("adjustment_description", n), Amount: at("adjustment_amount", n)}
		if adjustment != (page.AdjustmentFields{}) {
			view.Adjustments = append(view.Adjustments, adjustment)
		}
	}
	return view
}

// typedAdjustments reads adjustments as they were typed, and refuses what is no amount.
func typedAdjustments(typed []page.AdjustmentFields, currency string, refuse func(field string, err error)) (list []remit.Adjustment) {
	for n, a := range typed {
		amount, err := money.ParseDecimal(a.Amount, money.Currency(currency))
		if err != nil {
			refuse(fmt.Sprintf("adjustments[%d].amount", n), wrong("amount", err.Error()))
		}
		list = append(list, remit.Adjustment{Kind: a.Kind, Description: a.Description, Amount: amount.Minor})
	}
	return list
}

// invoiceBody reads the editor's fields as an invoice.
func (v *visit) invoiceBody(view *page.InvoiceForm) commands.Body[commands.InvoiceInput] {
	return func() (commands.InvoiceInput, error) {
		in := commands.InvoiceInput{
			Number: view.Number, Seller: remit.Seller{Name: view.SellerName, TaxID: view.SellerTax}, Currency: view.Currency, Reason: view.Reason,
		}
		var bad []remit.FieldError
		refuse := func(field string, err error) {
			if err != nil {
				bad = append(bad, remit.FieldError{Field: field, Message: remit.AsError(err).Message})
			}
		}
		var err error
		if in.CustomerID, err = uuid.Parse(view.Customer); err != nil {
			refuse("customer_id", wrong("customer_id", "Choose a customer."))
		}
		if view.Issued != "" {
			in.IssueDate, err = remit.ParseDate(view.Issued)
			refuse("issue_date", err)
		}
		if in.OnTerms = view.Due == "" && view.Existing == nil; in.OnTerms {
			in.DueDate = remit.Date{}
		} else if in.DueDate, err = remit.ParseDate(view.Due); err != nil {
			refuse("due_date", wrong("due_date", "Enter the day it is due."))
		}
		for _, l := range view.Lines {
			in.Lines = append(in.Lines, remit.Line{Description: l.Description, Quantity: l.Quantity, UnitPrice: l.UnitPrice})
		}
		in.Adjustments = typedAdjustments(view.Adjustments, view.Currency, refuse)
		if in.Deposit, err = typedDeposit(view); err != nil {
			refuse(remit.AsError(err).Fields[0].Field, err)
		}
		if view.AutoCharge != "" {
			on := view.AutoCharge == "yes"
			in.AutoCharge = &on
		}
		if len(bad) > 0 {
			return in, &remit.Error{Kind: remit.KindInvalid, Code: remit.CodeInvalid, Message: bad[0].Message, Fields: bad}
		}
		return in, nil
	}
}

// typedDeposit is the deposit that the form asks for; one of nothing, which takes
// away what is there, where its fields are empty.
func typedDeposit(view *page.InvoiceForm) (*remit.Deposit, error) {
	d := &remit.Deposit{}
	if view.Deposit == "" && view.DepositDue == "" {
		return d, nil
	}
	amount, err := money.ParseDecimal(view.Deposit, money.Currency(view.Currency))
	if err != nil {
		return nil, wrong("deposit.amount", err.Error())
	}
	if d.Amount = amount.Minor; d.Amount <= 0 {
		return nil, wrong("deposit.amount", "A deposit is more than nothing.")
	}
	if d.DueDate, err = remit.ParseDate(view.DepositDue); err != nil {
		return nil, wrong("deposit.due_date", "Enter the day the deposit is due.")
	}
	return d, nil
}
