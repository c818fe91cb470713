package workflows_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"

	"remit"
	"remit/activities"
)

// verifying is a bank account whose steps are made of what the domain decides, on
// the environment's skipped time.
type verifying struct {
	d       *desk
	account remit.BankAccount
	told    []remit.DepositNotice
	looks   int
	facts   func(now time.Time) remit.SetupFacts // what Stripe says
}

func openVerification(t *testing.T) *verifying {
	t.Helper()
	v := &verifying{d: newDesk(paid())}
	start := v.d.env.Now()
	arrives := start.Add(48 * time.Hour)
	v.account = remit.BankAccount{ID: uuid.New(), State: remit.BankAccountRequested, CreatedAt: start}
	v.facts = func(now time.Time) remit.SetupFacts {
		if now.Sub(start) >= remit.VerificationTime {
			return remit.SetupFacts{Status: "requires_payment_method", ErrorCode: "payment_method_microdeposit_verification_timeout"}
		}
		return remit.SetupFacts{Status: "requires_action", Deposit: remit.DepositAmounts, ArrivesAt: &arrives}
	}
	v.d.env.OnActivity((*activities.BankAccounts)(nil).LookAtBankAccount, mock.Anything, mock.Anything).Maybe().
		Return(func(context.Context, remit.BankAccountRef) (activities.BankAccountNext, error) { return v.look(), nil })
	return v
}

// look is what the true step does, without a database.
func (v *verifying) look() activities.BankAccountNext {
	v.looks++
	now := v.d.env.Now()
	v.account, _ = v.account.Take(v.facts(now), now)
	if !v.account.State.Waits() {
		return activities.BankAccountNext{}
	}
	if notice, at := v.account.NoticeAt(now); notice > v.account.Told && !at.After(now) {
		v.account.Told, v.told = notice, append(v.told, notice)
	}
	at, _ := v.account.NextLook(now)
	in := at.Sub(now)
	return activities.BankAccountNext{WakeIn: &in}
}

func (v *verifying) run(t *testing.T) {
	t.Helper()
	v.d.env.ExecuteWorkflow(remit.BankAccountWorkflow, remit.BankAccountRef{Tenant: uuid.New(), BankAccount: v.account.ID})
	if err := v.d.env.GetWorkflowError(); !v.d.env.IsWorkflowCompleted() || err != nil {
		t.Fatalf("the workflow ended with %v", err)
	}
}

// Ten days without an entry: each notice falls due once, in its time, and the
// account has expired when they are over.
func TestTenDaysOfVerificationPass(t *testing.T) {
	v := openVerification(t)
	start := v.d.env.Now()
	v.run(t)
	if v.account.State != remit.BankAccountExpired || v.d.env.Now().Sub(start) != remit.VerificationTime {
		t.Errorf("it is %s after %s", v.account.State, v.d.env.Now().Sub(start))
	}
	if want := []remit.DepositNotice{remit.ToldSent, remit.ToldArrived, remit.ToldReminder, remit.ToldLastDay}; !slices.Equal(v.told, want) {
		t.Errorf("told %v, want %v", v.told, want)
	}
	if v.looks > 60 {
		t.Errorf("Stripe was asked %d times in ten days", v.looks)
	}
}

// An entry is answered while the account waits, and one that verifies it ends the
// workflow at once.
func TestDepositsAreEntered(t *testing.T) {
	v := openVerification(t)
	entered := 0
	v.d.env.OnActivity((*activities.BankAccounts)(nil).VerifyDeposits, mock.Anything, mock.Anything, mock.Anything).
		Return(func(_ context.Context, _ remit.BankAccountRef, entry remit.DepositEntry) (remit.DepositsEntered, error) {
			if entered++; entry.Amounts[0] != 32 {
				return remit.DepositsEntered{Refused: remit.Refuse(remit.Invalid("amounts", "Those amounts do not match. 2 tries left."))}, nil
			}
			v.facts = func(time.Time) remit.SetupFacts { return remit.SetupFacts{Status: "succeeded", Mandate: "mandate_1"} }
			return remit.DepositsEntered{}, nil
		})
	var wrong, right *reply
	v.d.at(49*time.Hour, func() {
		wrong = v.d.update(remit.UpdateVerify, remit.DepositEntry{ID: uuid.New(), Amounts: []int64{1, 2}})
	})
	v.d.at(50*time.Hour, func() {
		right = v.d.update(remit.UpdateVerify, remit.DepositEntry{ID: uuid.New(), Amounts: []int64{32, 45}})
	})
	start := v.d.env.Now()
	v.run(t)
	if result, ok := wrong.value.(remit.DepositsEntered); !ok || result.Refused == nil || wrong.err != nil {
		t.Errorf("the wrong entry came to %+v", *wrong)
	}
	if result, ok := right.value.(remit.DepositsEntered); !ok || result.Refused != nil || right.err != nil {
		t.Errorf("the right entry came to %+v", *right)
	}
	if entered != 2 || v.account.State != remit.BankAccountUsable || v.account.Mandate != "mandate_1" || v.d.env.Now().Sub(start) > 51*time.Hour {
		t.Errorf("%d entries, it is %s after %s", entered, v.account.State, v.d.env.Now().Sub(start))
	}
}

// An event wakes it before its time.
func TestBankAccountIsWoken(t *testing.T) {
	v := openVerification(t)
	v.d.at(time.Hour, func() {
		v.facts = func(time.Time) remit.SetupFacts { return remit.SetupFacts{Status: "succeeded"} }
		v.d.env.SignalWorkflow(remit.SignalWake, remit.Wake{Why: "setup_intent.succeeded"})
	})
	start := v.d.env.Now()
	v.run(t)
	if v.account.State != remit.BankAccountUsable || v.d.env.Now().Sub(start) != time.Hour {
		t.Errorf("it is %s after %s", v.account.State, v.d.env.Now().Sub(start))
	}
}
