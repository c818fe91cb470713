package activities

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/money"
	"remit/postgres"
)

// ApprovalsSetting is the name of the setting that says which payments need a
// second person.
const ApprovalsSetting = "approvals"

// PaymentsSetting is the name of the setting that says how invoices are paid.
const PaymentsSetting = "payments"

// Draft makes an invoice of an input: totals added up, settings copied onto it.
func Draft(ctx context.Context, tx *postgres.Tx, in remit.InvoiceInput, customer remit.Customer, real time.Time) (postgres.NewInvoice, error) {
	organisation, err := tx.OrganisationByPath(ctx, in.Organisation)
	if err != nil {
		return postgres.NewInvoice{}, remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
	}
	if customer.DeletedAt != nil {
		return postgres.NewInvoice{}, remit.Invalid("customer_id", "This customer was deleted.")
	}
	if in.Currency == "" {
		in.Currency = organisation.Currency
	}
	currency, err := money.ParseCurrency(in.Currency)
	if err != nil {
		return postgres.NewInvoice{}, remit.Invalid("currency", "%s", err)
	}
	if in.Settings == nil {
		current, err := SettingsFor(ctx, tx, in.Organisation)
		if err != nil {
			return postgres.NewInvoice{}, err
		}
		in.Settings = &current
	}
	settings := *in.Settings
	settings.AutoCharge.On = remit.AutoChargeFor(in.AutoCharge, customer.AutoCharge, settings.AutoCharge.On)
	if in.PaymentLinks != nil {
		settings.PaymentLinks = *in.PaymentLinks
	}
	if in.Deposit != nil && *in.Deposit == (remit.Deposit{}) {
		in.Deposit = nil
	}
	if in.OnTerms && !in.IssueDate.IsZero() {
		in.DueDate = in.IssueDate.AddDays(settings.PaymentTerms)
	}
	lines, total, err := in.Check(currency)
	if err != nil {
		return postgres.NewInvoice{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return postgres.NewInvoice{}, fmt.Errorf("make an id: %w", err)
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return postgres.NewInvoice{}, err
	}
	own, by := chargedAlone(in, customer, settings.AutoCharge.On)
	draft := postgres.NewInvoice{OnTerms: in.OnTerms, OwnCharge: own, Invoice: remit.Invoice{
		ID: id, OrganisationID: organisation.ID, Organisation: organisation.Path, CustomerID: customer.ID, CustomerName: customer.Name,
		Number: in.Number, Seller: in.Seller, Total: total.Minor, Currency: string(currency), IssueDate: in.IssueDate, DueDate: in.DueDate,
		Lines: lines, Adjustments: in.Adjustments, Deposit: in.Deposit, Settings: settings, ChargedBy: by, CreatedAt: clock.Now(real),
	}}
	draft.Fingerprint, err = draft.Invoice.Fingerprint()
	return draft, err
}

// chargedAlone says whose word alone has an invoice charged by itself where the settings
// would not: its own (own), which is whoever's who makes it, or that of its customer, where
// somebody of the organisation gave it in his name.
func chargedAlone(in remit.InvoiceInput, customer remit.Customer, on bool) (own bool, by *remit.Actor) {
	said, word := customer.SaidYes(), customer.AutoCharge
	if said != nil {
		word = nil
	}
	switch {
	case !on || remit.AutoChargeFor(nil, word, in.Settings.AutoCharge.On):
		return false, nil
	case in.AutoCharge != nil:
		return true, nil
	}
	return false, said
}

// InsertDraft adds a draft with its first timeline entry, or recognises it. It holds the
// time zone before it inserts: see [postgres.Tx.HoldZone].
func InsertDraft(ctx context.Context, tx *postgres.Tx, draft postgres.NewInvoice, actor remit.Actor, real time.Time) (bool, uuid.UUID, error) {
	if draft.OwnCharge && actor != remit.System { // who gave a schedule its word is in its terms
		draft.ChargedBy = &actor
	}
	if err := tx.HoldZone(ctx, draft.OrganisationID); err != nil {
		return false, uuid.Nil, err
	}
	inserted, id, err := tx.InsertInvoice(ctx, draft)
	if err != nil {
		return false, uuid.Nil, err
	}
	if !inserted {
		stands, err := tx.Fingerprint(ctx, id)
		if err != nil {
			return false, uuid.Nil, err
		}
		if !bytes.Equal(stands, draft.Fingerprint[:]) {
			return false, id, differs(ctx, tx, id, draft, stands)
		}
		return false, id, nil
	}
	l, err := tx.LockInvoice(ctx, id)
	if err != nil {
		return false, uuid.Nil, err
	}
	entry := remit.TimelineEntry{
		Kind: "created", Actor: actor,
		What: fmt.Sprintf("Invoice %s over %s came in, due on %s%s.", draft.Number, money.Of(draft.Total, money.Currency(draft.Currency)), draft.DueDate.Words(), draft.Deposit.Words(draft.Currency)),
		Why:  remit.Why{Rule: "settings are copied when an invoice is made", Version: strconv.FormatInt(draft.Settings.Version, 10)},
		Data: map[string]any{"total": draft.Total, "currency": draft.Currency, "settings": draft.Settings, "source": draft.Source, "due_date": draft.DueDate.String()},
	}
	if draft.Hold != nil {
		entry.Data["hold"], entry.Data["held"] = draft.Hold.Reason, draft.Hold
	}
	if draft.Deposit != nil {
		entry.Data["deposit"] = draft.Deposit
	}
	if draft.OnTerms {
		days := draft.Settings.PaymentTerms
		entry.What = fmt.Sprintf("Invoice %s over %s came in without a due date. By the payment terms, %s from its issue, it is due on %s%s.",
			draft.Number, money.Of(draft.Total, money.Currency(draft.Currency)), daysOf(days), draft.DueDate.Words(), draft.Deposit.Words(draft.Currency))
		entry.Why.Rule = "an invoice without a due date is due by the payment terms that held when it was made"
		entry.Data["payment_terms_days"] = days
	}
	if draft.Made != "" {
		entry.What = fmt.Sprintf("%s It is over %s, due on %s.", draft.Made, money.Of(draft.Total, money.Currency(draft.Currency)), draft.DueDate.Words())
		entry.Why.Rule = "a billing schedule bills each of its periods once, with the settings copied when it was made"
	}
	return true, id, tx.SaveInvoice(ctx, l, real, entry)
}

func daysOf(n int) string {
	if n == 1 {
		return "1 day"
	}
	return strconv.Itoa(n) + " days"
}

// differs says how an invoice that came again differs from the one that stands.
// One that came without a due date says nothing about it, and is the same where
// all else is: the payment terms may have changed since.
func differs(ctx context.Context, tx *postgres.Tx, id uuid.UUID, draft postgres.NewInvoice, fingerprint []byte) error {
	stands, err := tx.Invoice(ctx, id)
	if err != nil {
		return err
	}
	if draft.OnTerms {
		draft.DueDate = stands.DueDate
		again, err := draft.Invoice.Fingerprint()
		if err != nil || bytes.Equal(fingerprint, again[:]) {
			return err
		}
	}
	return remit.Conflict(remit.CodeAlreadyExists, "Invoice %s of this customer exists with other content: %s.", draft.Number, strings.Join(remit.Differences(stands.AsItCame(), draft.Invoice), "; "))
}

// SettingsFor are the settings in force at a path, to be copied onto an invoice. Online
// payments that are off only because no account is connected are on: nothing is
// collected while none is, and the invoice outlives that.
func SettingsFor(ctx context.Context, tx *postgres.Tx, path string) (remit.InvoiceSettings, error) {
	settings := struct {
		remit.InvoiceSettings

		OnlineBefore bool `json:"online_before"`
	}{InvoiceSettings: remit.DefaultInvoiceSettings()}
	_, version, _, err := tx.Setting(ctx, path, PaymentsSetting, &settings)
	settings.Version = version
	settings.OnlinePayments = settings.OnlinePayments || settings.OnlineBefore
	if err != nil {
		return settings.InvoiceSettings, err
	}
	approvals := remit.DefaultApprovals()
	_, _, found, err := tx.Setting(ctx, path, ApprovalsSetting, &approvals)
	if settings.Approvals = remit.DefaultApprovals(); found {
		settings.Approvals = approvals
	}
	return settings.InvoiceSettings, err
}
