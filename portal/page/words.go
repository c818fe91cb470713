package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"remit"
	"remit/money"
)

// Date writes a calendar date: "14 Mar 2026".
func Date(d remit.Date) string { return d.Words() }

// Instant writes a time in a zone with its abbreviation: "14 Mar 2026, 09:00 EST".
func Instant(at time.Time, zone *time.Location) string {
	return at.In(orUTC(zone)).Format("2 Jan 2006, 15:04 MST")
}

// Clock writes a time of today: "09:12".
func Clock(at time.Time, zone *time.Location) string { return at.In(orUTC(zone)).Format("15:04") }

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}

func machine(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// Money writes minor units of a currency: "$1,200.00".
func Money(minor int64, currency string) string {
	return money.Of(minor, money.Currency(currency)).Format()
}

// MoneyISO writes them with the code: "USD 1,200.00".
func MoneyISO(minor int64, currency string) string {
	return money.Of(minor, money.Currency(currency)).FormatISO()
}

// Typed writes an amount as people type it into a field: "1,200.00".
func Typed(minor int64, currency string) string {
	return strings.TrimPrefix(MoneyISO(minor, currency), currency+" ")
}

// Count writes a number with its noun: "1 invoice", "2 invoices".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}

// Thousands writes a number with commas: "10,000".
func Thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return Thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

// word is a state as people read it, and how it looks.
type word struct {
	text string
	look string // "", info, good, warn or bad
}

// payerWord is an invoice's status for its payer.
func payerWord(i remit.Invoice) word {
	if i.Overdue && i.Status.Payable() {
		return word{"Overdue", "warn"}
	}
	switch i.Status {
	case remit.InvoiceDraft:
		return word{}
	case remit.InvoiceOpen:
		return word{"To pay", "info"}
	case remit.InvoiceProcessing:
		return word{"Processing", "info"}
	case remit.InvoicePartiallyPaid:
		return word{"Partly paid", "info"}
	case remit.InvoicePaid:
		return word{"Paid", "good"}
	case remit.InvoiceContested:
		return word{"Under review", "warn"}
	case remit.InvoiceVoid:
		return word{"Cancelled", ""}
	case remit.InvoiceUncollectible:
		return word{"Closed", ""}
	case remit.InvoiceCarried:
		return word{"Carried over", ""}
	}
	return word{"Needs attention", "bad"}
}

// StatusName is an invoice's status for staff. A status nobody foresaw needs
// attention.
func StatusName(s remit.InvoiceStatus) string { return staffWord(s).text }

func staffWord(s remit.InvoiceStatus) word {
	switch s {
	case remit.InvoiceDraft:
		return word{"Draft", ""}
	case remit.InvoiceOpen:
		return word{"Open", "info"}
	case remit.InvoiceProcessing:
		return word{"Processing", "info"}
	case remit.InvoicePartiallyPaid:
		return word{"Partly paid", "info"}
	case remit.InvoicePaid:
		return word{"Paid", "good"}
	case remit.InvoiceContested:
		return word{"Contested", "warn"}
	case remit.InvoiceVoid:
		return word{"Void", ""}
	case remit.InvoiceUncollectible:
		return word{"Uncollectible", ""}
	case remit.InvoiceCarried:
		return word{"Carried over", ""}
	}
	return word{"Needs attention", "bad"}
}

// itemWord is how an item stands, for a reader who has it open himself or not.
func itemWord(i remit.WorkItem, mine bool) word {
	switch i.State {
	case remit.WorkItemOpen:
		return word{"To do", "info"}
	case remit.WorkItemClaimed:
		if mine {
			return word{"Open with you", ""}
		}
		return word{"Open with " + i.ClaimedByName, ""}
	case remit.WorkItemPaying:
		if i.Invoice.InFlight.OpenCheckout() {
			return word{"Payment page open", "info"}
		}
		return word{"Under way", "warn"}
	case remit.WorkItemDone:
		return word{"Done", "good"}
	case remit.WorkItemCancelled:
		if i.ClosedReason == "paid elsewhere" || i.ClosedReason == "" {
			return word{"Not needed: paid by link", ""}
		}
		return word{"Not needed", ""}
	}
	return word{"Needs attention", "bad"}
}

func methodWord(s remit.MethodStatus) word {
	switch s {
	case remit.MethodUsable:
		return word{"Ready", "good"}
	case remit.MethodAwaitingDeposit:
		return word{"Deposit on its way", "info"}
	case remit.MethodAwaitingEntry:
		return word{"Enter the amounts (code)", "info"}
	case remit.MethodFailed:
		return word{"Not verified", "bad"}
	case remit.MethodLocked:
		return word{"Locked", "bad"}
	case remit.MethodExpired:
		return word{"Expired", "warn"}
	case remit.MethodDetached:
		return word{"Removed", ""}
	}
	return word{"Needs attention", "bad"}
}

func attemptWord(s remit.AttemptState) word {
	switch s {
	case remit.AttemptCreated:
		return word{"Started", "info"}
	case remit.AttemptRequiresAction:
		return word{"Waits for the payer", "warn"}
	case remit.AttemptProcessing:
		return word{"Processing", "info"}
	case remit.AttemptConfirming:
		return word{"Confirming", "warn"}
	case remit.AttemptFailed:
		return word{"Declined", "bad"}
	case remit.AttemptCanceled:
		return word{"Cancelled", ""}
	case remit.AttemptSucceeded:
		return word{"Succeeded", "good"}
	}
	return word{"Needs attention", "bad"}
}

func refundWord(s remit.RefundState) word {
	switch s {
	case remit.RefundRequested, remit.RefundSent:
		return word{"Under way", "info"}
	case remit.RefundPending:
		return word{"Pending", "info"}
	case remit.RefundRequiresAction:
		return word{"Needs action", "warn"}
	case remit.RefundSucceeded:
		return word{"Done", "good"}
	case remit.RefundFailed:
		return word{"Failed", "bad"}
	case remit.RefundCanceled:
		return word{"Cancelled", ""}
	}
	return word{"Needs attention", "bad"}
}

func connectionWord(s remit.ConnectionStatus) (word, string) {
	switch s {
	case remit.ConnectionOnboarding:
		return word{"Onboarding", "warn"}, "Finish Stripe's form."
	case remit.ConnectionPending:
		return word{"Pending verification", "info"}, "Stripe is checking."
	case remit.ConnectionActive:
		return word{"Active", "good"}, "Payments can be taken."
	case remit.ConnectionRestricted:
		return word{"Restricted", "bad"}, "Stripe needs something before everything works."
	case remit.ConnectionDisconnected:
		return word{"Disconnected", ""}, "Links show bank details only."
	}
	return word{"Needs attention", "bad"}, ""
}

// Method names a saved method: "Visa 4242", "Test Bank account 6789".
func Method(kind, brand, bank, last4 string) string {
	if kind == "us_bank_account" {
		return strings.TrimSpace(first(bank, brand, "Bank") + " account " + last4)
	}
	return strings.TrimSpace(first(brandName(brand), "Card") + " " + last4)
}

func methodName(m remit.PaymentMethod) string { return Method(m.Type, m.Brand, m.BankName, m.Last4) }

func summaryName(m *remit.MethodSummary) string {
	if m == nil {
		return "Card"
	}
	return Method(m.Type, m.Brand, m.Brand, m.Last4)
}

func brandName(brand string) string {
	names := map[string]string{
		"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover",
		"diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay",
	}
	if name, known := names[brand]; known {
		return name
	}
	return brand
}

func expiry(m remit.PaymentMethod) string {
	if m.ExpMonth == 0 {
		return ""
	}
	return fmt.Sprintf("%02d/%d", m.ExpMonth, m.ExpYear)
}

func first(choices ...string) string {
	for _, c := range choices {
		if c != "" {
			return c
		}
	}
	return ""
}

// sellerName is who issued an invoice, as its payer knows him.
func sellerName(i remit.Invoice) string { return i.SellerName() }

func fieldID(field string) string {
	return strings.NewReplacer("[", "-", "]", "", ".", "-", "_", "-").Replace(field)
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.ContainsAny(s[len(s)-1:], ".!?)") {
		s += "."
	}
	return s
}
