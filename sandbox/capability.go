package sandbox

import (
	"slices"
	"strings"
)

func init() {
	aboutAccount("account", "GET", "/v1/accounts/{account}/capabilities", listCapabilities)
	aboutAccount("account", "GET", "/v1/accounts/{account}/capabilities/{capability}", retrieveCapability)
	aboutAccount("account", "POST", "/v1/accounts/{account}/capabilities/{capability}", updateCapability)
}

// capability is the account's capability of that name, as the API tells of it.
func (a *account) capability(name string) *capability {
	c := &capability{
		ID: name, Object: "capability", Account: a.ID, FutureRequirements: noRequirements(),
		Requirements: a.Requirements, Status: "unrequested",
	}
	if state, requested := a.Capabilities[name]; requested {
		at := a.Created
		if asked, known := a.Kept.Requested[name]; known {
			at = asked
		}
		c.Requested, c.RequestedAt, c.Status = true, &at, state
		c.Requirements.DisabledReason = disabledCapability(a.Requirements.DisabledReason)
		return c
	}
	c.Requirements = noRequirements()
	return c
}

// disabledCapability is a reason in the words that capabilities have for it.
func disabledCapability(account *string) *string {
	if account == nil {
		return nil
	}
	reason := "other"
	switch {
	case *account == "requirements.past_due":
		reason = "requirements.fields_needed"
	case *account == "requirements.pending_verification":
		reason = "pending.review"
	case strings.HasPrefix(*account, "rejected."):
		reason = "rejected.other"
	}
	return &reason
}

func listCapabilities(c *call) (any, error) {
	if err := c.p.done(); err != nil {
		return nil, err
	}
	a, out := must[account](c.tx, c.world.id), newList(c.path)
	for _, name := range sortedKeys(a.Capabilities) {
		out.Data = append(out.Data, a.capability(name))
	}
	return out, nil
}

// namedCapability is the one that the path names.
func (c *call) namedCapability(a *account) (*capability, error) {
	name := c.vars["capability"]
	if !slices.Contains(requestable, name) {
		return nil, missingPath(capabilities, "capability", name)
	}
	return a.capability(name), nil
}

func retrieveCapability(c *call) (any, error) {
	if err := c.p.done(); err != nil {
		return nil, err
	}
	return c.namedCapability(must[account](c.tx, c.world.id))
}

func updateCapability(c *call) (any, error) {
	a := must[account](c.tx, c.world.id)
	requested, sent := c.p.boolean("requested")
	if err := c.p.done(); err != nil {
		return nil, err
	}
	found, err := c.namedCapability(a)
	switch {
	case err != nil:
		return nil, err
	case c.platform == "" || a.Kept.Controller != c.platform:
		return nil, notYours(a)
	case !sent:
		return found, nil
	}
	a = c.changeSetup(func(a *account, _ *accountSetup) { a.setRequested(c.tx, found.ID, requested) })
	return a.capability(found.ID), nil
}
