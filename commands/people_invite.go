package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/credentials"
	"remit/policies"
	"remit/postgres"
)

// How long a link that was sent to somebody works, once.
const (
	invitationLife = 24 * time.Hour
	resetLife      = 10 * time.Minute
)

// InviteInput invites a person into a tenant.
type InviteInput struct {
	Organisation string // where the caller has admin=users; "": the top-level one
	Email        string
	Name         string
	CustomerID   *uuid.UUID   // a customer's user: sees that customer's things and nothing else
	Grants       []GrantInput // User is not read; of a customer's user none
}

// Invitation is what was sent to the person invited. Link is a local path that
// works once, within 24 hours; it is shown to whoever invites because Remit
// keeps its mails in an outbox and leaves it to him to pass the link on.
type Invitation struct {
	User      remit.User
	Link      string
	ExpiresAt time.Time
}

// InviteUser invites somebody by his address; whoever was invited and has not
// accepted is invited anew. It needs admin=users at the organisation, that of
// the customer for a customer's user, and for each grant what
// [Commands.CreateGrant] needs.
//
// An account of that address may exist, made by another tenant that has shown
// nothing but that it knows the address. So nobody is a member before he has
// accepted by the link, and an account with a password keeps it.
func (c *Commands) InviteUser(ctx context.Context, caller Caller, body Body[InviteInput]) (Invitation, error) {
	if _, err := c.tenantsToList(ctx, caller, "", remit.AdminUsers); err != nil {
		return Invitation{}, err
	}
	input, err := body()
	if err != nil {
		return Invitation{}, err
	}
	member, path, err := c.mayInvite(ctx, caller, input)
	if err != nil {
		return Invitation{}, err
	}
	if input.Email, err = remit.ParseEmail(input.Email); err != nil {
		return Invitation{}, err
	}
	if input.Name, err = parseName(input.Name); err != nil {
		return Invitation{}, err
	}
	var invitation Invitation
	err = c.changeRights(ctx, caller, member.Tenant, c.invite(ctx, caller, member, path, input, &invitation))
	return invitation, err
}

// mayInvite finds the tenant and the path at which the caller would invite.
func (c *Commands) mayInvite(ctx context.Context, caller Caller, input InviteInput) (Membership, string, error) {
	member, err := tenantOf(caller, input.Organisation)
	if err != nil {
		return Membership{}, "", err
	}
	path := member.Path
	if input.Organisation != "" {
		path = input.Organisation
	}
	if input.CustomerID != nil {
		if len(input.Grants) > 0 {
			return Membership{}, "", remit.Invalid("grants", "A customer's user holds no other role.")
		}
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
			_, path, err = tx.CustomerUnit(ctx, *input.CustomerID)
			return err
		})
		if err != nil {
			return Membership{}, "", err
		}
	}
	if err := c.authorise(ctx, caller, member.Tenant, path, remit.AdminUsers); err != nil {
		return Membership{}, "", err
	}
	for _, g := range input.Grants {
		at, err := c.mayGrantAt(ctx, caller, g.Path)
		if err != nil {
			return Membership{}, "", err
		}
		if at.Tenant != member.Tenant {
			return Membership{}, "", remit.Invalid("grants", "%s belongs to another organisation than the invitation.", g.Path)
		}
	}
	return member, path, nil
}

// invite plans an invitation. Who is invited holds nothing yet, so the policy
// stays as it is; what he is to hold is judged all the same.
func (c *Commands) invite(ctx context.Context, caller Caller, member Membership, path string, input InviteInput, made *Invitation) rightsPlan {
	return func(tx *postgres.Tx, s policies.Snapshot, now *policies.Policy) (rightsChange, error) {
		change := rightsChange{scope: remit.AdminUsers, path: path, next: s}
		user, fresh, err := c.invited(ctx, tx, input)
		if err != nil {
			return change, err
		}
		grants, err := c.grantsOfInvitation(ctx, tx, now, user, input, caller)
		if err != nil {
			return change, err
		}
		change.given = func() error {
			for _, g := range grants {
				if err := mayGrant(now, caller.subject(tx.Tenant), g); err != nil {
					return err
				}
			}
			return nil
		}
		change.write = func() error {
			if fresh {
				if err := c.insertInvited(ctx, tx, user, caller, input.CustomerID); err != nil {
					return err
				}
			}
			for _, g := range grants {
				if err := tx.InsertGrant(ctx, g, g.CreatedAt); err != nil {
					return err
				}
			}
			*made, err = c.sendInvitation(ctx, tx, user, caller.Name, member.Path)
			return err
		}
		change.entry = changing(caller.entry("user.invite", "user "+user.ID.String(), path), nil,
			map[string]any{"email": user.Email, "name": user.Name, "customer_id": input.CustomerID, "grants": input.Grants})
		return change, nil
	}
}

// invited finds or makes the person to be invited, in memory, and says whether
// he is new to the tenant.
func (c *Commands) invited(ctx context.Context, tx *postgres.Tx, input InviteInput) (user remit.User, fresh bool, err error) {
	account, exists, err := postgres.LockAccount(ctx, tx, input.Email)
	if err != nil {
		return user, false, err
	}
	if !exists {
		id, err := uuid.NewV7()
		return remit.User{ID: id, Email: input.Email, Name: input.Name, CustomerID: input.CustomerID}, true, err
	}
	user, err = tx.User(ctx, account.ID)
	switch {
	case remit.IsCode(err, remit.CodeNotFound):
		return remit.User{ID: account.ID, Email: account.Email, Name: account.Name, CustomerID: input.CustomerID}, true, nil
	case err != nil:
		return user, false, err
	case user.Status != remit.UserInvited:
		return user, false, remit.Conflict(remit.CodeAlreadyExists, "%s belongs to the organisation already.", user.Email)
	case !sameID(user.CustomerID, input.CustomerID):
		return user, false, remit.Conflict(remit.CodeConflict, "%s was invited for something else. Disable that invitation first.", user.Email)
	}
	return user, false, nil
}

func sameID(a, b *uuid.UUID) bool { return a == b || a != nil && b != nil && *a == *b }

// grantsOfInvitation are the grants that the person does not have yet.
func (c *Commands) grantsOfInvitation(ctx context.Context, tx *postgres.Tx, now *policies.Policy, user remit.User, input InviteInput, caller Caller) ([]remit.RoleGrant, error) {
	has, err := tx.GrantsOf(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	seen := map[GrantInput]bool{}
	for _, g := range has {
		seen[GrantInput{Role: g.Role, Path: g.Path}] = true
	}
	var grants []remit.RoleGrant
	for _, wanted := range input.Grants {
		grant, err := c.newGrant(ctx, tx, now, user, wanted, caller)
		if err != nil {
			return nil, err
		}
		if key := (GrantInput{Role: grant.Role, Path: grant.Path}); !seen[key] {
			seen[key] = true
			grants = append(grants, grant)
		}
	}
	return grants, nil
}

func (c *Commands) insertInvited(ctx context.Context, tx *postgres.Tx, user remit.User, caller Caller, customer *uuid.UUID) error {
	now := c.Now()
	err := postgres.InsertAccountOnce(ctx, tx, postgres.Account{ID: user.ID, Email: user.Email, Name: user.Name}, now)
	if err != nil {
		return err
	}
	if err := tx.InsertMember(ctx, postgres.Member{Account: user.ID, CustomerID: customer, InvitedBy: &caller.Account}, now); err != nil {
		return err
	}
	if customer == nil {
		return nil
	}
	unit, path, err := tx.CustomerUnit(ctx, *customer)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return tx.InsertGrant(ctx, remit.RoleGrant{
		ID: id, User: user.ID, UserName: user.Name, Role: policies.RoleCustomer, UnitID: unit, Path: path, GrantedBy: &caller.Account,
	}, now)
}

// sendInvitation makes the link and puts the mail into the outbox.
func (c *Commands) sendInvitation(ctx context.Context, tx *postgres.Tx, user remit.User, from, organisation string) (Invitation, error) {
	token := credentials.NewToken(credentials.InvitationToken)
	now := c.Now()
	expires := now.Add(invitationLife)
	err := postgres.InsertAccountToken(ctx, tx, postgres.AccountToken{
		Hash: token.Hash, Account: user.ID, Purpose: postgres.PurposeInvitation, Tenant: &tx.Tenant, ExpiresAt: expires,
	}, now)
	if err != nil {
		return Invitation{}, err
	}
	link := "/invitation/" + token.Plain.Reveal()
	body := fmt.Sprintf("%s invites you to %s on Remit.\n\nTo accept, open this link within 24 hours:\n%s%s\n\nIf you did not expect this, do nothing.\n",
		from, organisation, c.PublicURL, link)
	if err := c.mail(ctx, tx, user.Email, "Invitation to "+organisation, body); err != nil {
		return Invitation{}, err
	}
	stored, err := tx.User(ctx, user.ID)
	return Invitation{User: stored, Link: link, ExpiresAt: expires}, err
}
