package prove

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/commands"
	"remit/credentials"
	"remit/postgres"
)

// found makes an organisation, as an operator does. first is the day from which its
// test clock goes; nil gives it none.
func (h *house) found(ctx context.Context, top string, first *remit.Date) (tenant uuid.UUID, err error) {
	c := h.operator.Commands
	if err := c.CreateDemoTenant(ctx, commands.OrganisationInput{Path: top, Name: "World", TimeZone: "America/New_York", Currency: "USD", Clock: first}); err != nil {
		return tenant, err
	}
	tenant, found, err := c.DB.TenantOfPath(ctx, top)
	if err == nil && !found {
		err = errors.New("its organisation is not there")
	}
	return tenant, err
}

// employ makes a person of an organisation's, with an API token.
func (h *house) employ(ctx context.Context, top, name, role string) (*caller, uuid.UUID, error) {
	h.hashing.Lock() // many passwords at once are refused
	defer h.hashing.Unlock()
	c := h.operator.Commands
	id, err := c.CreateDemoUser(ctx, commands.DemoUser{
		Organisation: top, Email: name + "@" + strings.TrimPrefix(top, "/") + ".test", Name: name,
		Grants: []commands.GrantInput{{Role: role, Path: top}},
	})
	if err != nil {
		return nil, id, err
	}
	who, err := c.ActAs(ctx, id)
	if err != nil {
		return nil, id, err
	}
	who.Session = []byte("prove") // a token is made by somebody in a session
	issued, err := c.CreateAPIToken(ctx, who, commands.Given(commands.TokenInput{Name: "prove"}))
	if err != nil {
		return nil, id, err
	}
	return newCaller(h.url, issued.Secret), id, nil
}

// signedIn is the browser of a person who has just signed in: how people sign in is
// not what is proved.
func (h *house) signedIn(ctx context.Context, person uuid.UUID) (*visitor, error) {
	token, now := credentials.NewToken(credentials.SessionToken), time.Now()
	err := h.operator.Commands.DB.Global(ctx, func(tx pgx.Tx) error {
		return postgres.InsertSession(ctx, tx, postgres.Session{TokenHash: token.Hash, Account: person, SignedInAt: now, ConfirmedAt: now}, now)
	})
	v := newVisitor()
	v.session = token.Plain.Reveal()
	return v, err
}
