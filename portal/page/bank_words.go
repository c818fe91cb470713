package page

import (
	"strconv"
	"time"

	"remit"
)

// stillRequested is what is read of an account that Stripe may have or not.
const stillRequested = "We are checking whether Stripe has it. Do not add it again."

// accountName names a bank account: "Test Bank account 6789".
func accountName(b remit.BankAccount) string {
	if b.Last4 == "" {
		return "Bank account"
	}
	return Method(bankAccount, "", b.BankName, b.Last4)
}

func bankPath(b remit.BankAccount) string { return "/bank-accounts/" + b.ID.String() }

// bankWord is how far a bank account has come, in a word.
func bankWord(b remit.BankAccount) word {
	switch {
	case b.State == remit.BankAccountRequested:
		return word{"On its way", "info"}
	case b.State == remit.BankAccountAwaitingEntry && b.Deposit != "":
		return word{enterWords(b.Deposit), "info"}
	}
	return methodWord(remit.MethodStatus(b.State))
}

// enterWords ask for what Stripe sends.
func enterWords(kind remit.DepositKind) string {
	switch kind {
	case remit.DepositAmounts:
		return "Enter the amounts"
	case remit.DepositCode:
		return "Enter the code"
	}
	return ""
}

// dayOf writes an instant's day in a zone: "17 Mar 2026".
func dayOf(at *time.Time, zone *time.Location) string {
	if at == nil {
		return ""
	}
	return at.In(orUTC(zone)).Format("2 Jan 2006")
}

// timeToVerify is until when an account can be verified, and how often it can be tried.
func timeToVerify(b remit.BankAccount, zone *time.Location) string {
	words := ""
	if b.VerifyBy != nil {
		words = "By " + dayOf(b.VerifyBy, zone) + ". "
	}
	return words + triesWords(b)
}

func triesWords(b remit.BankAccount) string {
	switch {
	case b.TriesLeft == nil:
		return ""
	case *b.TriesLeft == 1:
		return "1 try left."
	}
	return strconv.Itoa(*b.TriesLeft) + " tries left."
}

// depositWords say what is sent and how the account's statement shows it.
func depositWords(kind remit.DepositKind) string {
	switch kind {
	case remit.DepositAmounts:
		return "Stripe sends two deposits, each below a dollar. On the account's statement they stand beside ACCTVERIFY."
	case remit.DepositCode:
		return "Stripe sends one deposit of $0.01. On the account's statement a code of six characters that begins with SM stands beside it."
	}
	return "Stripe has not said yet what it sends. Look again in a minute."
}
