package sandbox

import "slices"

func init() {
	endpoint("GET", "/v1/accounts", listAccounts)
	aboutAccount("account", "GET", "/v1/accounts/{account}", func(c *call) (any, error) {
		if err := c.p.done(); err != nil {
			return nil, err
		}
		return must[account](c.tx, c.world.id), nil
	})
	aboutAccount("account", "POST", "/v1/accounts/{account}", updateAccount)
	aboutAccount("account", "DELETE", "/v1/accounts/{account}", deleteAccount)
	aboutAccount("account", "POST", "/v1/accounts/{account}/reject", rejectAccount)
	aboutAccount("account", "GET", "/v1/accounts/{account}/external_accounts", listBanks)
}

// listAccounts lists the accounts that are connected to the caller, newest
// first.
func listAccounts(c *call) (any, error) {
	limit := c.p.limit()
	after, before, created := c.p.string("starting_after"), c.p.string("ending_before"), c.p.span("created")
	if err := c.p.done(); err != nil {
		return nil, err
	}
	own := c.server.directory.choose(func(a *account) bool {
		return a.connected(c.world.id) && created.first <= a.Created && a.Created <= created.last
	})
	slices.Reverse(own)
	place := func(param, id string) (int, error) {
		i := slices.IndexFunc(own, func(a *account) bool { return a.ID == id })
		if i < 0 {
			return 0, missing(accounts, param, id)
		}
		return i, nil
	}
	out := newList(c.path)
	switch {
	case after != "" && before != "":
		return nil, invalidParam("", "ending_before", "You cannot use both starting_after and ending_before.")
	case after != "":
		i, err := place("starting_after", after)
		if err != nil {
			return nil, err
		}
		own = own[i+1:]
	case before != "":
		i, err := place("ending_before", before)
		if err != nil {
			return nil, err
		}
		out.HasMore = i > limit
		own = own[max(0, i-limit):i]
	}
	for _, a := range own {
		out.take(a, nil, limit)
	}
	return out, nil
}

// listBanks lists the banks to which the account is paid out.
func listBanks(c *call) (any, error) {
	if kind := c.p.enum("object", "bank_account", "card"); kind == "card" {
		return c.page(bankAccounts, "none", nil) // no account has a card for payouts here
	}
	return c.page(bankAccounts, "", nil)
}

// notYours is the answer for an account that the caller does not control.
// Stripe's words for it are not known here.
func notYours(a *account) *apiError {
	e := refuse("account_invalid", "account", "The account %s is not controlled by your platform, so this request cannot be made for it.", a.ID)
	e.Status = 403
	return e
}

func updateAccount(c *call) (any, error) {
	a := must[account](c.tx, c.world.id)
	was := *a
	if c.platform == "" {
		return nil, notYours(a)
	}
	a.ownSetup()
	a.readAccount(c)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if a.Kept.Controller != c.platform {
		return nil, notYours(a)
	}
	c.putJudged(&was, a)
	return a, nil
}

// deleteAccount ends an account that the caller made. It is known to nobody any
// more, though its past stays in the journal.
func deleteAccount(c *call) (any, error) {
	if err := c.p.done(); err != nil {
		return nil, err
	}
	a := must[account](c.tx, c.world.id)
	if c.platform == "" || a.Kept.Controller != c.platform {
		return nil, notYours(a)
	}
	for _, book := range c.book.byCurrency {
		if available, pending := book.at(c.seconds()); available != 0 || pending != 0 {
			return nil, refuse("", "", "This account cannot be deleted because its balance is not zero.")
		}
	}
	a.Kept.Deleted, a.Kept.Platforms = true, nil
	c.put(a)
	return &deletion{a.ID, "account", true}, nil
}

// rejections are the reasons a platform may give.
var rejections = []string{"fraud", "other", "terms_of_service"}

func rejectAccount(c *call) (any, error) {
	reason := c.p.require("reason")
	if err := c.p.done(); err != nil {
		return nil, err
	}
	a := must[account](c.tx, c.world.id)
	switch {
	case !slices.Contains(rejections, reason):
		return nil, invalidParam("", "reason", "Invalid reason: must be one of %s", orList(rejections))
	case c.platform == "" || a.Kept.Controller != c.platform:
		return nil, notYours(a)
	case a.Controller.Losses == nil || a.Controller.Losses.Payments != "application":
		return nil, refuse("", "account", "Only accounts for whose negative balances your platform is liable can be rejected.")
	}
	return c.changeSetup(func(_ *account, s *accountSetup) { s.Rejected = reason }), nil
}
