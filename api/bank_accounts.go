package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/secrets"
)

func bankAccounts(c *call) (answer, error) {
	all, err := c.server.commands.BankAccounts(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	list, err := pageOf(all, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, bankAccountShape))
}

func waitingBankAccounts(c *call) (answer, error) {
	list, err := c.server.commands.WaitingBankAccounts(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, bankAccountShape))
}

func bankAccount(c *call) (answer, error) {
	b, err := c.server.commands.BankAccount(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return ok(bankAccountShape(b))
}

// bankAccountWire is a bank account as it arrives. Its number is masked from here
// on wherever it might be printed.
type bankAccountWire struct {
	AccountNumber     string     `json:"account_number"`
	RoutingNumber     string     `json:"routing_number"`
	AccountHolderName string     `json:"account_holder_name"`
	AccountHolderType string     `json:"account_holder_type"`
	Country           string     `json:"country"`
	Currency          string     `json:"currency"`
	MandateAccepted   bool       `json:"mandate_accepted"`
	Invoice           *uuid.UUID `json:"invoice"`
}

func addBankAccount(c *call) (answer, error) {
	b, err := c.server.commands.AddBankAccount(c.ctx(), c.caller, c.id(), body(c, func(w bankAccountWire) (commands.AddBankAccountInput, error) {
		return commands.AddBankAccountInput{
			BankAccountInput: remit.BankAccountInput{
				Routing: w.RoutingNumber, HolderName: w.AccountHolderName, HolderType: w.AccountHolderType, Country: w.Country, Currency: w.Currency, MandateAccepted: w.MandateAccepted,
			},
			Number: secrets.NewSecret(w.AccountNumber), ForInvoice: w.Invoice, Agent: c.request.UserAgent(),
		}, nil
	}))
	if err != nil {
		return answer{}, err
	}
	return created(bankAccountShape(b))
}

type depositEntryWire struct {
	Amounts        []int64 `json:"amounts"`
	DescriptorCode string  `json:"descriptor_code"`
}

func verifyBankAccount(c *call) (answer, error) {
	b, err := c.server.commands.VerifyBankAccount(c.ctx(), c.caller, c.id(), body(c, func(w depositEntryWire) (remit.DepositEntry, error) {
		return remit.DepositEntry{Amounts: w.Amounts, Code: w.DescriptorCode}, nil
	}))
	if err != nil {
		return answer{}, err
	}
	return ok(bankAccountShape(b))
}

func cancelPayment(c *call) (answer, error) {
	p, err := c.server.commands.CancelPayment(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return ok(paymentShape(p))
}

// bankAccountBody is a bank account as it leaves: its payment method, and how far
// its verification has come.
type bankAccountBody struct {
	paymentMethodBody
	CustomerID   uuid.UUID  `json:"customer_id"`
	CustomerName string     `json:"customer_name"`
	Organisation string     `json:"organisation"`
	Deposit      *string    `json:"deposit"`
	ArrivesAt    *time.Time `json:"arrives_at"`
	VerifyBy     *time.Time `json:"verify_by"`
	HostedURL    *string    `json:"hosted_verification_url"`
	Reason       *string    `json:"reason"`
	CreatedAt    time.Time  `json:"created_at"`
}

func bankAccountShape(b remit.BankAccount) bankAccountBody {
	status := remit.MethodStatus(b.State)
	if b.State == remit.BankAccountRequested {
		status = remit.MethodAwaitingDeposit // as far as callers are told: nothing has arrived
	}
	return bankAccountBody{
		paymentMethodBody: paymentMethodShape(remit.PaymentMethod{
			ID: b.ID, Type: "us_bank_account", BankName: b.BankName, Last4: b.Last4, Status: status, AttemptsLeft: b.TriesLeft, Default: b.Default,
		}),
		CustomerID: b.CustomerID, CustomerName: b.CustomerName, Organisation: b.Organisation, Deposit: orNull(string(b.Deposit)),
		ArrivesAt: utc(b.ArrivesAt), VerifyBy: utc(b.VerifyBy), HostedURL: orNull(b.HostedURL), Reason: orNull(b.Reason), CreatedAt: b.CreatedAt.UTC(),
	}
}
