package policies

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"remit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// After a revocation's notice no question is answered from the old policy, not
// even by a loading that began before the notice and ends after it.
func TestRevocationHoldsFromTheNoticeOn(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	authority := newAuthority(t, source, Options{})
	slow := source.holdNextLoad()
	early := make(chan Decision, 1)
	go func() {
		decision, _ := authority.Can(context.Background(), person(ana), branchA, remit.StripePay)
		early <- decision
	}()
	<-slow.begun // with the grant still in its snapshot

	source.set(func(s *Snapshot) { s.Grants = nil })
	authority.Invalidate(tenant)
	if ask(t, authority, person(ana), remit.StripePay).Allowed {
		t.Error("allowed after the notice while the old policy loads")
	}
	close(slow.release)
	<-early
	if decision := ask(t, authority, person(ana), remit.StripePay); decision.Allowed || decision.Version != 8 {
		t.Errorf("the old policy came back: %+v", decision)
	}
}

// The same where nobody asks in between: a loading that was overtaken by a
// notice is not kept for the next question.
func TestOvertakenLoadingIsNotKept(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	authority := newAuthority(t, source, Options{})
	slow := source.holdNextLoad()
	overtaken := authority.claim(context.Background(), tenant)
	<-slow.begun
	source.set(func(s *Snapshot) { s.Grants = nil })
	authority.Invalidate(tenant)
	close(slow.release)
	<-overtaken.ready
	if decision := ask(t, authority, person(ana), remit.StripePay); decision.Allowed || decision.Version != 8 {
		t.Errorf("the overtaken policy answered: %+v", decision)
	}
}

// A source that hangs is given up, so that questions fail rather than pile up.
func TestLoadingIsGivenUp(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	authority := newAuthority(t, source, Options{LoadTimeout: time.Millisecond})
	source.holdNextLoad()
	decision, err := authority.Can(context.Background(), person(ana), branchA, remit.StripePay)
	if !errors.Is(err, context.DeadlineExceeded) || decision.Allowed {
		t.Errorf("%+v, %v", decision, err)
	}
}

// A remembered answer dies with the policy that gave it.
func TestDecisionsAreNotRememberedAcrossPolicies(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	authority := newAuthority(t, source, Options{})
	for range 3 {
		if !ask(t, authority, person(ana), remit.StripePay).Allowed {
			t.Fatal("denied")
		}
	}
	source.set(func(s *Snapshot) { s.Grants = append(s.Grants, Grant{UserID: ana, Role: RoleFrozen, Path: "/t"}) })
	authority.InvalidateAll()
	if ask(t, authority, person(ana), remit.StripePay).Allowed {
		t.Error("the remembered answer outlived its policy")
	}
}

// However many ask at once, a tenant's policy is loaded once; a caller who
// gives up does not spoil it for the others.
func TestPolicyIsLoadedOnce(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	authority := newAuthority(t, source, Options{})
	slow := source.holdNextLoad()
	impatient, giveUp := context.WithCancel(context.Background())
	gaveUp := make(chan error, 1)
	go func() {
		_, err := authority.Can(impatient, person(ana), branchA, remit.StripePay)
		gaveUp <- err
	}()
	<-slow.begun
	giveUp()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("gave up with %v", err)
	}
	var denied atomic.Int64
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if decision, err := authority.Can(context.Background(), person(ana), branchA, remit.StripePay); err != nil || !decision.Allowed {
				denied.Add(1)
			}
		})
	}
	close(slow.release)
	wait.Wait()
	if denied.Load() != 0 || source.loads.Load() != 1 {
		t.Errorf("%d denied, %d loads", denied.Load(), source.loads.Load())
	}
}

// What moves money is decided by a policy at least as new as the transaction
// that decides, whether or not a notice has arrived.
func TestCanStrict(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	authority := newAuthority(t, source, Options{})
	ctx := context.Background()
	if got, err := authority.CanStrict(ctx, person(ana), branchA, remit.StripePay, 7); err != nil || !got.Allowed {
		t.Fatalf("%+v, %v", got, err)
	}
	source.set(func(s *Snapshot) { s.Grants = nil }) // version 8, no notice
	if !ask(t, authority, person(ana), remit.StripePay).Allowed {
		t.Error("Can looked at the version")
	}
	if got, err := authority.CanStrict(ctx, person(ana), branchA, remit.StripePay, 8); err != nil || got.Allowed || got.Version != 8 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := authority.CanStrict(ctx, person(cid), branchA, remit.StripePay, 9); err == nil || got != (Decision{}) {
		t.Errorf("a version that does not exist: %+v, %v", got, err)
	}
	if got, err := authority.CanStrict(ctx, person(ana), branchA, remit.StripePay, 1); err != nil || got.Version != 8 {
		t.Errorf("an older version than at hand: %+v, %v", got, err)
	}
}

// The last look before Stripe needs no transaction: it reads the version
// itself, and denies where it cannot.
func TestCanNow(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	authority := newAuthority(t, source, Options{})
	ctx := context.Background()
	if got, err := authority.CanNow(ctx, person(ana), branchA, remit.StripePay); err != nil || !got.Allowed {
		t.Fatalf("%+v, %v", got, err)
	}
	source.set(func(s *Snapshot) { s.Grants = nil })
	if got, err := authority.CanNow(ctx, person(ana), branchA, remit.StripePay); err != nil || got.Allowed {
		t.Errorf("%+v, %v", got, err)
	}
	source.fail(errors.New("no database"))
	if got, err := authority.CanNow(ctx, person(ana), branchA, remit.StripePay); err == nil || got.Allowed {
		t.Errorf("%+v, %v", got, err)
	}
}

// What cannot be loaded is denied, in every question, and tried again by the
// next one.
func TestErrorsDeny(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	authority := newAuthority(t, source, Options{})
	ctx := context.Background()
	broken := errors.New("no database")
	check := func(cause error) {
		t.Helper()
		decision, err := authority.Can(ctx, person(cid), branchA, remit.StripePay)
		if err == nil || decision.Allowed || (cause != nil && !errors.Is(err, cause)) {
			t.Errorf("Can = %+v, %v", decision, err)
		}
		if decision, err = authority.CanStrict(ctx, person(cid), branchA, remit.StripePay, 1); err == nil || decision.Allowed {
			t.Errorf("CanStrict = %+v, %v", decision, err)
		}
		if units, err := authority.UnitsWhere(ctx, person(cid), remit.StripePay); err == nil || units == nil || len(units) > 0 {
			t.Errorf("UnitsWhere = %v, %v", units, err)
		}
		if holders, err := authority.Holders(ctx, tenant, branchA, remit.StripePay); err == nil || len(holders) > 0 {
			t.Errorf("Holders = %v, %v", holders, err)
		}
		if e, err := authority.Explain(ctx, person(cid), branchA, remit.StripePay); err == nil || e.Decision.Allowed {
			t.Errorf("Explain = %+v, %v", e, err)
		}
		if err := authority.HoldsAll(ctx, person(cid), branchA, []remit.Scope{remit.StripePay}); err == nil {
			t.Error("HoldsAll passed")
		}
		if err := authority.MayGrant(ctx, person(cid), RoleViewer, branchA); err == nil {
			t.Error("MayGrant passed")
		}
	}
	source.fail(broken)
	check(broken)
	source.fail(nil)
	source.set(func(s *Snapshot) { s.TenantPath = "/.." })
	check(nil)
	source.set(func(s *Snapshot) { s.TenantPath = "/t" })
	if !ask(t, authority, person(cid), remit.StripePay).Allowed {
		t.Error("never recovered")
	}
	if decision, err := authority.Can(ctx, Subject{UserID: cid, Tenant: other}, branchA, remit.StripePay); err == nil || decision.Allowed {
		t.Errorf("an unknown tenant: %+v, %v", decision, err)
	}
	source.panics.Store(true)
	authority.InvalidateAll()
	check(nil)
}

// A notice that got lost costs at most the greatest age: near it the next
// policy is loaded while the present one answers, beyond it nobody is answered
// by the old one, even where no new one can be had.
func TestPoliciesAge(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	clock := &fakeClock{at: time.Unix(0, 0)}
	authority := newAuthority(t, source, Options{MaxAge: 10 * time.Minute, Now: clock.now})
	if !ask(t, authority, person(ana), remit.StripePay).Allowed {
		t.Fatal("denied")
	}
	source.set(func(s *Snapshot) { s.Grants = nil })
	clock.advance(8*time.Minute - 1)
	if !ask(t, authority, person(ana), remit.StripePay).Allowed || source.loads.Load() != 1 {
		t.Fatal("loaded before it was due")
	}

	slow := source.holdNextLoad()
	clock.advance(1)
	if !ask(t, authority, person(ana), remit.StripePay).Allowed {
		t.Error("the present policy did not answer while the next one loads")
	}
	<-slow.begun
	if !ask(t, authority, person(ana), remit.StripePay).Allowed || source.loads.Load() != 2 {
		t.Error("loaded twice")
	}
	next := authority.holder().next
	clock.advance(2 * time.Minute)
	if late := authority.claim(context.Background(), tenant); late != next {
		t.Error("beyond the greatest age a question does not wait for the loading that is under way")
	}
	close(slow.release)
	if decision := ask(t, authority, person(ana), remit.StripePay); decision.Allowed || decision.Version != 8 {
		t.Errorf("beyond its greatest age the old policy answered: %+v", decision)
	}

	source.fail(errors.New("no database"))
	clock.advance(time.Hour)
	if decision, err := authority.Can(context.Background(), person(cid), branchA, remit.StripePay); err == nil || decision.Allowed {
		t.Errorf("%+v, %v", decision, err)
	}
}

// The next policy takes over once it is there; one that fails to load is tried
// again without disturbing the present one.
func TestSuccessorTakesOver(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	clock := &fakeClock{at: time.Unix(0, 0)}
	authority := newAuthority(t, source, Options{MaxAge: 10 * time.Minute, Now: clock.now})
	ask(t, authority, person(ana), remit.StripePay)
	clock.advance(9 * time.Minute)
	for _, failure := range []error{errors.New("no database"), nil} {
		source.fail(failure)
		slow := source.holdNextLoad()
		if !ask(t, authority, person(ana), remit.StripePay).Allowed {
			t.Error("denied while the successor loads")
		}
		next := authority.holder().next
		close(slow.release)
		<-next.ready
		if took := authority.holder() == next; took != (failure == nil) {
			t.Errorf("after %v the successor took over: %v", failure, took)
		}
	}
	if !ask(t, authority, person(ana), remit.StripePay).Allowed || source.loads.Load() != 3 {
		t.Errorf("denied by the successor, or %d loads", source.loads.Load())
	}
}

// Under questions from all sides while grants come and go, nobody who asks
// after a notice gets the answer from before it. Run with -race.
func TestConcurrentQuestionsDuringInvalidation(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	authority := newAuthority(t, source, Options{MaxDecisions: 16})
	ctx, stop := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	for _, subject := range []Subject{person(ana), person(cid), person(dora), service("due-dates")} {
		wait.Go(func() {
			for ctx.Err() == nil {
				for _, scope := range scopesAsked {
					if _, err := authority.Can(context.Background(), subject, branchA, scope); err != nil {
						t.Error(err)
						return
					}
				}
				if _, err := authority.UnitsWhere(context.Background(), subject, remit.StripePay); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	grants := snapshot().Grants
	for round := range 200 {
		held := round%2 == 1
		source.set(func(s *Snapshot) {
			s.Grants = nil
			if held {
				s.Grants = grants
			}
		})
		authority.Invalidate(tenant)
		if ask(t, authority, person(ana), remit.StripePay).Allowed != held {
			t.Fatalf("round %d: allowed is not %v", round, held)
		}
	}
	stop()
	wait.Wait()
}

// No more policies are kept than was asked for, and one that was put out comes
// back.
func TestTenantsAreBounded(t *testing.T) {
	t.Parallel()
	source := newFakeSource()
	source.set(func(*Snapshot) {})
	authority := newAuthority(t, source, Options{MaxTenants: 2})
	for n := range byte(5) {
		tenants := id(60 + n)
		source.add(tenants, Snapshot{TenantPath: "/t", Grants: []Grant{{UserID: ana, Role: RoleOwner, Path: "/t"}}})
		for range 2 {
			decision, err := authority.Can(context.Background(), Subject{UserID: ana, Tenant: tenants}, branchA, remit.StripePay)
			if err != nil || !decision.Allowed {
				t.Fatalf("%+v, %v", decision, err)
			}
		}
	}
	authority.mu.Lock()
	defer authority.mu.Unlock()
	if authority.slots.Len() != 2 || source.loads.Load() != 5 {
		t.Errorf("%d kept, %d loads", authority.slots.Len(), source.loads.Load())
	}
}

var branchA = func() remit.Path {
	p, err := remit.ParsePath("/t/Branch A")
	if err != nil {
		panic(err)
	}
	return p
}()

func newAuthority(t testing.TB, source Source, options Options) *Authority {
	t.Helper()
	authority, err := New(source, options)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func ask(t testing.TB, authority *Authority, subject Subject, scope remit.Scope) Decision {
	t.Helper()
	decision, err := authority.Can(context.Background(), subject, branchA, scope)
	if err != nil {
		t.Fatal(err)
	}
	return decision
}

// holder is the slot that answers for the tenant of the tables.
func (a *Authority) holder() *slot {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, _ := a.slots.Peek(tenant)
	return s
}
