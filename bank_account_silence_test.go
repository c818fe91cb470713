package remit_test

import (
	"testing"
	"time"

	"remit"
)

// A bank account of which Stripe is never heard keeps nobody busy: it is looked at
// less and less often, and no more once its time has ended a day ago.
func TestSilenceAboutABankAccountEnds(t *testing.T) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	b := remit.BankAccount{State: remit.BankAccountRequested, CreatedAt: start}
	now, looks := start, 0
	for !b.Overripe(now) {
		next, _ := b.NextLook(now)
		if !next.After(now) {
			t.Fatalf("at %s the next look is at %s", now, next)
		}
		now = next
		looks++
	}
	if took := now.Sub(start); looks > 60 || took < remit.VerificationTime+24*time.Hour || took > remit.VerificationTime+36*time.Hour {
		t.Errorf("%d looks in %s", looks, took)
	}
}
