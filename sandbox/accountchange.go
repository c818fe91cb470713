package sandbox

import (
	"slices"
	"time"
)

func init() {
	runners["account.verify"] = func(t *tx, _ string) { t.verify() }
	runners["account.deadline"] = func(t *tx, _ string) {
		t.changeSetup(func(*account, *accountSetup) {})
	}
}

// changeSetup changes the account's setup, judges it anew and tells of what is
// another way now.
func (t *tx) changeSetup(change func(a *account, s *accountSetup)) *account {
	a := must[account](t, t.world.id)
	was := *a
	change(a, a.ownSetup())
	t.putJudged(&was, a)
	return a
}

// putJudged judges an account that was changed, puts it and tells of it.
func (t *tx) putJudged(was, is *account) {
	if is.Kept.Setup != nil {
		is.judge(t.seconds())
	}
	t.put(is)
	if string(encode(t.wire(was))) != string(encode(t.wire(is))) {
		t.emitChange("account.updated", was, is)
	}
	t.emitCapabilities(was, is)
	if !was.PayoutsEnabled && is.PayoutsEnabled {
		t.planPayoutsAgain()
	}
}

// emitCapabilities tells of each capability whose state is another one now.
func (t *tx) emitCapabilities(was, is *account) {
	for _, name := range sortedKeys(is.Capabilities) {
		if was.Capabilities[name] != is.Capabilities[name] {
			t.emitChange("capability.updated", was.capability(name), is.capability(name))
		}
	}
}

// submitSetup ends the form: from now on it is Stripe's turn.
func (t *tx) submitSetup() {
	a := t.changeSetup(func(_ *account, s *accountSetup) { s.Submitted, s.Verification = true, verifying })
	wait := time.Duration(t.settings().verification()) * time.Millisecond
	switch a.Kept.Setup.Steer {
	case "pending":
		return
	case "instant":
		wait = 0
	}
	if wait == 0 {
		t.verify()
		return
	}
	t.schedule(t.at.Add(wait), "account.verify", t.world.id)
}

// verify is Stripe's word on what the owner said.
func (t *tx) verify() {
	setup := must[account](t, t.world.id).Kept.Setup
	if setup == nil || setup.Verification != verifying || setup.Steer == "pending" {
		return
	}
	t.changeSetup(func(_ *account, s *accountSetup) {
		s.Verification = isVerified
		if s.Steer == "fail" || s.Steer != "instant" && s.Doubtful {
			s.Verification = isUnproven
		}
	})
}

// connected says whether the platform may act for the account.
func (a *account) connected(platform string) bool {
	return !a.Kept.Deleted && slices.Contains(a.Kept.Platforms, platform)
}
