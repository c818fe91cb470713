package activities_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/client"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
)

const platformKey = "sk_test_platform" // see [shop.express]

// throughPlatform has the platform's accounts reached by a key.
func (s *shop) throughPlatform(follow *activities.Connections, key string) {
	through := *follow.Connector
	through.Gateway = gateway.New(gateway.Options{URL: s.standin, PlatformKey: key, Transport: s.watched})
	follow.Connector = &through
}

// platformsOwn asks the stand-in in the platform's name, past Remit.
func (s *shop) platformsOwn() *client.API {
	return client.New(platformKey, stripe.NewBackendsWithConfig(&stripe.BackendConfig{URL: stripe.String(s.standin), MaxNetworkRetries: stripe.Int64(0), LeveledLogger: &stripe.LeveledLogger{}}))
}

// expressOf is [shop.express] of somebody whose account Stripe would make.
func (s *shop) expressOf() (*activities.Connections, remit.ConnectionRef) {
	s.t.Helper()
	follow, ref := s.express()
	s.changed("country = 'US', business_name = 'Acme'")
	return follow, ref
}

// changed changes the connection's row past Remit.
func (s *shop) changed(columns string) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(s.t.Context(), "update connections set "+columns+" where tenant = $1", s.tenant)
		return err
	}))
}

// A platform key of another platform, or of the other mode, says nothing of an account:
// whoever sets the wrong one ends no organisation's connection, and collects nowhere.
// By the key in whose name it was made, access that was taken away is gone.
func TestAnotherPlatformsKeyEndsNothing(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow, ref := s.expressOf()
	look := func() *postgres.SealedConnection {
		_, err := follow.LookAtConnection(t.Context(), ref)
		must(t, err)
		return s.sealed()
	}
	made := look()
	if made.Account == "" || made.PlatformAccount == "" || made.Status != remit.ConnectionOnboarding {
		t.Fatalf("made, it is %+v", made.Connection)
	}
	right := follow.Connector
	for _, wrong := range []string{"sk_test_anothers", "sk_live_platform"} {
		s.throughPlatform(follow, wrong)
		if c := look(); !c.Live() || c.Status != made.Status {
			t.Fatalf("after a look with %s it is %+v", wrong, c.Connection)
		}
	}
	if _, err := follow.Connector.Open(made); !activities.NoKeys(err) {
		t.Errorf("with a key of live mode a test account is opened: %v", err)
	}
	follow.Connector = right
	if c := look(); !c.Live() || c.Status != made.Status {
		t.Fatalf("with the right key again it is %+v", c.Connection)
	}
	_, err := s.platformsOwn().Accounts.Del(made.Account, nil)
	must(t, err)
	if c := look(); c.Live() || c.EndedBy != remit.EndedByStripe {
		t.Errorf("taken away, it is %+v", c.Connection)
	}
}

// A connection from before the platform was noted is believed gone as it was, and is
// noted as soon as its account is reached.
func TestAPlatformThatWasNotNotedIsBelieved(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow, ref := s.expressOf()
	for _, key := range []string{platformKey, platformKey, "sk_test_anothers"} {
		s.throughPlatform(follow, key)
		s.changed("platform = ''")
		_, err := follow.LookAtConnection(t.Context(), ref)
		must(t, err)
		if noted := s.sealed().PlatformAccount != ""; noted != (key == platformKey) {
			t.Errorf("with %s the platform is noted: %v", key, noted)
		}
	}
	if c := s.sealed(); c.Live() {
		t.Errorf("it is %+v", c.Connection)
	}
}

// Permission that an account's owner gave ends with its connection, whoever else he
// lets in by the same platform. An account that was made here is the platform's own, and
// what was begun there is followed.
func TestAnEndedPermissionOpensNothing(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow, _ := s.expressOf()
	ended := time.Now()
	for _, of := range []struct {
		mode  remit.ConnectionMode
		ended *time.Time
		opens bool
	}{{remit.ModeStandard, nil, true}, {remit.ModeStandard, &ended, false}, {remit.ModeExpress, nil, true}, {remit.ModeExpress, &ended, true}} {
		c := &postgres.SealedConnection{Connection: remit.Connection{ID: s.link.ID, Tenant: s.tenant, Mode: of.mode, Account: "acct_1", DisconnectedAt: of.ended}}
		if _, err := follow.Connector.Open(c); (err == nil) != of.opens || err != nil && !activities.NoKeys(err) {
			t.Errorf("%s, ended %v: %v", of.mode, of.ended != nil, err)
		}
	}
}

// A connection that another was put in the place of has nothing to come to an end: its
// row is taken off the agenda, where it would be due for ever and hold a test clock up.
func TestAReplacedConnectionIsNotLookedAtForEver(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return errors.Join(tx.PlanConnection(t.Context(), s.link.Connection, time.Now().Add(-time.Minute)), tx.Disconnect(t.Context(), s.link.ID, remit.EndedByReplaced, true))
	}))
	next, err := s.follower().LookAtConnection(t.Context(), remit.ConnectionRef{Tenant: s.tenant, Connection: s.link.ID})
	must(t, err)
	if next.WakeIn != nil {
		t.Errorf("it is looked at again in %s", *next.WakeIn)
	}
}

// M4: past the day for which Stripe remembers a key, an account that was made and not
// heard of is found by what it was made for, and no second one is made.
func TestNoSecondAccountIsMadeAfterADay(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow, ref := s.expressOf()
	s.watched.after = func(method, path string) error {
		if method == http.MethodPost && path == "/v1/accounts" {
			return errors.New("the answer is lost")
		}
		return nil
	}
	if _, err := follow.LookAtConnection(t.Context(), ref); err == nil || s.sealed().Account != "" {
		t.Fatalf("the answer was heard: %v", err)
	}
	s.watched.after = nil
	later := func() time.Time { return time.Now().Add(25 * time.Hour) }
	must(t, follow.Connector.Gateway.At(gateway.Access{Key: platformKey}).MoveStandinClock(t.Context(), later()))
	follow.Now = later
	_, err := follow.LookAtConnection(t.Context(), ref)
	must(t, err)
	var made []string
	list := s.platformsOwn().Accounts.List(&stripe.AccountListParams{})
	for list.Next() {
		made = append(made, list.Account().ID)
	}
	must(t, list.Err())
	if len(made) != 1 || s.sealed().Account != made[0] {
		t.Errorf("made were %q, connected is %q", made, s.sealed().Account)
	}
}

// Where nothing was made the day before, it is made then, under a key of that day.
func TestAnAccountIsMadeADayLater(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow, ref := s.expressOf()
	follow.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	var key string
	s.watched.key = func(path, sent string) {
		if path == "/v1/accounts" && sent != "" {
			key = sent
		}
	}
	_, err := follow.LookAtConnection(t.Context(), ref)
	must(t, err)
	if want := "connection/" + s.link.ID.String() + "/account/1"; s.sealed().Account == "" || key != want {
		t.Errorf("it is %q, made under %q, not %q", s.sealed().Account, key, want)
	}
}
