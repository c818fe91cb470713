package policies

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"remit"
)

// Options of an [Authority]; zero values mean the defaults.
type Options struct {
	MaxTenants   int              // policies kept at once; 2,000 by default
	MaxDecisions int              // answers kept at once, of all tenants; 32,768 by default
	MaxAge       time.Duration    // of a policy, in case a notice got lost; 10 min by default
	LoadTimeout  time.Duration    // for reading a tenant's policy; 5 s by default
	Now          func() time.Time // time.Now by default
}

// Authority answers who may do what in every tenant. It compiles a tenant's
// [Policy] on its first question, keeps it until [Authority.Invalidate] or its
// greatest age, and loads it once however many ask at the same time. From four
// fifths of that age on, the next policy is loaded while the present one
// answers. It is safe for concurrent use.
type Authority struct {
	source    Source
	options   Options
	decisions *lru.Cache[question, Decision]
	epochs    atomic.Uint64

	mu    sync.Mutex
	slots *simplelru.LRU[uuid.UUID, *slot] // guarded by mu
}

// New makes an Authority over a source, after it has seen that the model
// denies what must be denied and permits what must be permitted.
func New(source Source, options Options) (*Authority, error) {
	if err := canary(); err != nil {
		return nil, fmt.Errorf("the permission model is broken: %w", err)
	}
	setDefault(&options.MaxTenants, 2000)
	setDefault(&options.MaxDecisions, 32768)
	setDefault(&options.MaxAge, 10*time.Minute)
	setDefault(&options.LoadTimeout, 5*time.Second)
	if options.Now == nil {
		options.Now = time.Now
	}
	decisions, err := lru.New[question, Decision](options.MaxDecisions)
	if err != nil {
		return nil, err
	}
	slots, err := simplelru.NewLRU[uuid.UUID, *slot](options.MaxTenants, nil)
	if err != nil {
		return nil, err
	}
	return &Authority{source: source, options: options, decisions: decisions, slots: slots}, nil
}

func setDefault[T int | time.Duration](value *T, fallback T) {
	if *value <= 0 {
		*value = fallback
	}
}

// Policy is the tenant's policy as it stands, for several questions that are
// to be answered alike. It is not to be kept.
func (a *Authority) Policy(ctx context.Context, tenant uuid.UUID) (*Policy, error) {
	s, err := a.slot(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.policy, nil
}

// Can answers whether subject may do scope at path; see [Policy.Can]. It also
// fails, and denies, where the policy cannot be loaded.
func (a *Authority) Can(ctx context.Context, subject Subject, path remit.Path, scope remit.Scope) (Decision, error) {
	policy, err := a.Policy(ctx, subject.Tenant)
	if err != nil {
		return Decision{}, err
	}
	return policy.Can(subject, path, scope)
}

// CanStrict is [Authority.Can] by a policy no older than version, which the
// caller read in the transaction that is about to decide. It closes the gap
// between a commit and its notice, and is what every movement of money asks. A
// transaction that changed grants itself cannot ask it of its own version:
// others do not see that yet.
func (a *Authority) CanStrict(ctx context.Context, subject Subject, path remit.Path, scope remit.Scope, version int64) (Decision, error) {
	policy, err := a.atLeast(ctx, subject.Tenant, version)
	if err != nil {
		return Decision{}, err
	}
	return policy.Can(subject, path, scope)
}

// CanNow is [Authority.CanStrict] by the version that is committed now, for
// where no transaction is open: the last look before a call to Stripe.
func (a *Authority) CanNow(ctx context.Context, subject Subject, path remit.Path, scope remit.Scope) (Decision, error) {
	version, err := a.source.Version(ctx, subject.Tenant)
	if err != nil {
		return Decision{}, fmt.Errorf("read the version of the permissions of tenant %s: %w", subject.Tenant, err)
	}
	return a.CanStrict(ctx, subject, path, scope, version)
}

// UnitsWhere is [Policy.UnitsWhere].
func (a *Authority) UnitsWhere(ctx context.Context, subject Subject, scope remit.Scope) ([]uuid.UUID, error) {
	policy, err := a.Policy(ctx, subject.Tenant)
	if err != nil {
		return []uuid.UUID{}, err
	}
	return policy.UnitsWhere(subject, scope)
}

// Holders is [Policy.Holders].
func (a *Authority) Holders(ctx context.Context, tenant uuid.UUID, path remit.Path, scope remit.Scope) ([]uuid.UUID, error) {
	policy, err := a.Policy(ctx, tenant)
	if err != nil {
		return []uuid.UUID{}, err
	}
	return policy.Holders(path, scope), nil
}

// Explain is [Policy.Explain].
func (a *Authority) Explain(ctx context.Context, subject Subject, path remit.Path, scope remit.Scope) (Explanation, error) {
	policy, err := a.Policy(ctx, subject.Tenant)
	if err != nil {
		return Explanation{}, err
	}
	return policy.Explain(subject, path, scope)
}

// HoldsAll is [Policy.HoldsAll].
func (a *Authority) HoldsAll(ctx context.Context, giver Subject, path remit.Path, scopes []remit.Scope) error {
	policy, err := a.Policy(ctx, giver.Tenant)
	if err != nil {
		return err
	}
	return policy.HoldsAll(giver, path, scopes)
}

// MayGrant is [Policy.MayGrant].
func (a *Authority) MayGrant(ctx context.Context, giver Subject, role string, path remit.Path) error {
	policy, err := a.Policy(ctx, giver.Tenant)
	if err != nil {
		return err
	}
	return policy.MayGrant(giver, role, path)
}
