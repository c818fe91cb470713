package remit

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

// BankAccount is how a customer's bank account becomes a payment method: it is
// named to Stripe, Stripe sends small deposits, and whoever reads them on the
// account's statement enters them. ID is that of the payment method it becomes.
// The account's number is at Stripe and nowhere here.
type BankAccount struct {
	ID             uuid.UUID
	CustomerID     uuid.UUID
	OrganisationID uuid.UUID
	Account        string
	Livemode       bool
	SetupIntent    string // "" until it is made
	State          BankAccountState
	Reason         string      // why it cannot be used, in words a payer understands; "" while it can or may yet
	Deposit        DepositKind // "" until Stripe has said which it sends
	ArrivesAt      *time.Time  // when Stripe expects the deposits on the statement
	VerifyBy       *time.Time  // when Stripe stops waiting for them to be entered
	TriesLeft      *int        // as Stripe counts them; nil before any
	HostedURL      string      // Stripe's own page for the deposits
	Mandate        string      // "" until the account is verified
	MandateEnded   bool
	Acceptance     MandateAcceptance
	ForInvoice     *uuid.UUID // the invoice whose payer added it, and that waits for it
	Told           DepositNotice
	Actor          Actor
	CreatedAt      time.Time
	EndedAt        *time.Time // verified, or not to be

	// What it is shown by, where it is read for people.
	BankName     string
	Last4        string
	Default      bool
	CustomerName string
	Organisation string // path
}

// MayBeDebited reports that the account is verified and its holder's permission
// stands, as far as is known here.
func (b BankAccount) MayBeDebited() bool { return b.State == BankAccountUsable && !b.MandateEnded }

// BankAccountState is how far a bank account has come. States climb:
//
//	requested < awaiting_deposit < awaiting_entry < usable, failed, locked, expired < detached
//
// and a usable one may still be locked, when a bank or its holder ends it.
type BankAccountState string

// The states of a bank account. All but the first are those of its method.
const (
	BankAccountRequested       = BankAccountState("requested") // on its way to Stripe; no method of it is known yet
	BankAccountAwaitingDeposit = BankAccountState(MethodAwaitingDeposit)
	BankAccountAwaitingEntry   = BankAccountState(MethodAwaitingEntry)
	BankAccountUsable          = BankAccountState(MethodUsable)
	BankAccountFailed          = BankAccountState(MethodFailed)
	BankAccountLocked          = BankAccountState(MethodLocked)
	BankAccountExpired         = BankAccountState(MethodExpired)
	BankAccountDetached        = BankAccountState(MethodDetached)
)

// BankAccountStates are all of them, lowest first.
func BankAccountStates() []BankAccountState {
	return []BankAccountState{
		BankAccountRequested, BankAccountAwaitingDeposit, BankAccountAwaitingEntry,
		BankAccountUsable, BankAccountFailed, BankAccountLocked, BankAccountExpired, BankAccountDetached,
	}
}

// Waits reports that the account is still to be verified.
func (s BankAccountState) Waits() bool { return s.rank() < 3 }

// Climbs reports whether an account in state s may go to next. One that Stripe
// verified is verified, whatever it was thought to be; one that was removed stays so.
func (s BankAccountState) Climbs(next BankAccountState) bool {
	switch {
	case s == next || s == BankAccountDetached:
		return false
	case next == BankAccountDetached:
		return true
	case s == BankAccountUsable:
		return next == BankAccountLocked
	case s.rank() == 3:
		return next == BankAccountUsable && s != BankAccountLocked
	}
	return next.rank() > s.rank()
}

// Doubtful reports that the account has ended in a way that Stripe may know better:
// by its silence, or by an answer to another question.
func (s BankAccountState) Doubtful() bool {
	return s == BankAccountFailed || s == BankAccountExpired
}

func (s BankAccountState) rank() int {
	switch s {
	case BankAccountRequested:
		return 0
	case BankAccountAwaitingDeposit:
		return 1
	case BankAccountAwaitingEntry:
		return 2
	case BankAccountUsable, BankAccountFailed, BankAccountLocked, BankAccountExpired:
		return 3
	case BankAccountDetached:
		return 4
	}
	return 0
}

// DepositKind is what is read off the statement: Stripe chooses.
type DepositKind string

// The kinds of deposit.
const (
	DepositAmounts DepositKind = "amounts"         // two, each below a dollar
	DepositCode    DepositKind = "descriptor_code" // one of a cent, with six characters beginning SM
)

// Tries is how often the deposits may be entered (Stripe: "Set up future ACH
// Direct Debit payments").
func (k DepositKind) Tries() int {
	if k == DepositAmounts {
		return 3
	}
	return 10
}

// VerificationTime is how long Stripe waits for the deposits to be entered.
const VerificationTime = 10 * 24 * time.Hour

// MandateVersion names the text of the authorisation that was agreed to.
const MandateVersion = "1"

// MandateAcceptance is the proof that the account's holder allowed debits: how,
// when, from which address, with which browser, and to which text. Offline is the
// word of the business's staff that the holder allowed it.
type MandateAcceptance struct {
	How     string // "online" or "offline", as Stripe has it
	At      time.Time
	Address string
	Agent   string
	Version string
}

// MandateText is what an account's holder agrees to (Stripe: "ACH Direct Debit
// mandate requirements"), naming the seller; or, where somebody else adds the
// account for him, what that one says he has agreed to.
func MandateText(seller string, own bool) string {
	if !own {
		return "The account's holder has authorised " + seller + " to debit it for what is owed to " + seller + " on invoices, when one is paid with it or is due that he agreed to have charged, and to credit it to correct an error, under the Nacha rules, until he ends this. Keep his word of it: his bank may ask for it."
	}
	return "By adding this account you authorise " + seller + " to debit it for what you owe " + seller + " on invoices, when you pay one with it or an invoice is due that you agreed to have charged, and to credit it to correct an error, under the Nacha rules. You may end this at any time by removing the account or writing to " + seller + " before the next debit."
}

// BankAccountInput is a bank account as it is typed. The account number is no
// part of it: it goes straight to Stripe.
type BankAccountInput struct {
	Routing         string
	HolderName      string
	HolderType      string
	Country         string
	Currency        string
	MandateAccepted bool
}

// MaxHolderName is how many characters an account holder's name may have.
const MaxHolderName = 100

// Check gives the input as it is sent. number is the account number as typed; the
// returned one has digits alone. The error, of kind [KindInvalid], names every
// field that is wrong and quotes none of them.
func (in BankAccountInput) Check(number string) (BankAccountInput, string, error) {
	var wrong []FieldError
	say := func(field, message string) { wrong = append(wrong, FieldError{Field: field, Message: message}) }
	in.HolderName = strings.TrimSpace(norm.NFC.String(in.HolderName))
	if in.HolderName == "" {
		say("account_holder_name", "Enter the name of the account's holder.")
	} else if utf8.RuneCountInString(in.HolderName) > MaxHolderName || strings.ContainsFunc(in.HolderName, Unseen) {
		say("account_holder_name", "A holder's name has at most 100 characters that can be seen.")
	}
	if in.HolderType != "individual" && in.HolderType != "company" {
		say("account_holder_type", "Choose a person or a company.")
	}
	if in.Country = strings.ToUpper(strings.TrimSpace(in.Country)); in.Country != "US" {
		say("country", "Only accounts at banks in the United States can be debited: US.")
	}
	if in.Currency = strings.ToUpper(strings.TrimSpace(in.Currency)); in.Currency != "USD" {
		say("currency", "Bank debits are in US dollars: USD.")
	}
	in.Routing = spaceless(in.Routing)
	switch {
	case len(in.Routing) != 9 || !digits(in.Routing):
		say("routing_number", "Enter the 9-digit routing number.")
	case !routable(in.Routing):
		say("routing_number", "That is not a US routing number.")
	}
	if number = spaceless(number); len(number) < 4 || len(number) > 17 || !digits(number) {
		say("account_number", "Enter the account number, digits only.")
	}
	if !in.MandateAccepted {
		say("mandate_accepted", "Agree to the authorisation first.")
	}
	if len(wrong) > 0 {
		return in, "", &Error{Kind: KindInvalid, Code: CodeInvalid, Message: wrong[0].Message, Fields: wrong}
	}
	return in, number, nil
}

// routable holds a routing number against its check digit, the weights 3, 7, 1
// (American Bankers Association).
func routable(routing string) bool {
	weights := [3]int{3, 7, 1}
	sum := 0
	for n, r := range routing {
		sum += int(r-'0') * weights[n%3]
	}
	return sum > 0 && sum%10 == 0
}

func digits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func spaceless(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, s)
}

// DebitOffer says whether bank debits are offered (D5), and if not why, in words
// that name what is missing.
type DebitOffer struct {
	Offered bool
	Why     string // "" where they are
}

// OfferDebits decides whether bank debits are offered for a currency through a
// connected account: US dollars, an account in the United States, and Stripe's
// capability us_bank_account_ach_payments active. country is "" where Stripe has
// not told it.
func OfferDebits(currency, country string, capable bool) DebitOffer {
	switch {
	case currency != "USD":
		return DebitOffer{Why: "Bank debits are in US dollars; this is in " + currency + "."}
	case country != "US":
		return DebitOffer{Why: "Bank debits need a Stripe account in the United States."}
	case !capable:
		return DebitOffer{Why: "Bank debits are not switched on for the Stripe account."}
	}
	return DebitOffer{Offered: true}
}
