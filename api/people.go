package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func users(c *call) (answer, error) {
	list, err := c.server.commands.Users(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, userShape))
}

func inviteUser(c *call) (answer, error) {
	made, err := c.server.commands.InviteUser(c.ctx(), c.caller, body(c, invitationWire.input))
	if err != nil {
		return answer{}, err
	}
	return created(invitedBody{userShape(made.User), invitationBody{Link: made.Link, ExpiresAt: made.ExpiresAt.UTC()}})
}

func updateUser(c *call) (answer, error) {
	user, err := c.server.commands.SetUserDisabled(c.ctx(), c.caller, c.organisation(), c.id(), body(c, func(w userChangeWire) (bool, error) {
		return w.Disabled, nil
	}))
	if err != nil {
		return answer{}, err
	}
	return ok(userShape(user))
}

type invitationWire struct {
	Organisation string           `json:"organisation"`
	Email        string           `json:"email"`
	Name         string           `json:"name"`
	CustomerID   *uuid.UUID       `json:"customer_id"`
	Grants       []firstGrantWire `json:"grants"`
}

type firstGrantWire struct {
	Role string `json:"role"`
	Path string `json:"path"`
}

func (w invitationWire) input() (commands.InviteInput, error) {
	in := commands.InviteInput{Organisation: w.Organisation, Email: w.Email, Name: w.Name, CustomerID: w.CustomerID}
	for _, g := range w.Grants {
		in.Grants = append(in.Grants, commands.GrantInput{Role: g.Role, Path: g.Path})
	}
	return in, nil
}

type userChangeWire struct {
	Disabled bool `json:"disabled"`
}

// userBody is a person as a tenant knows him.
type userBody struct {
	ID         uuid.UUID        `json:"id"`
	Name       string           `json:"name"`
	Email      string           `json:"email"`
	Status     remit.UserStatus `json:"status"`
	Disabled   bool             `json:"disabled"`
	CustomerID *uuid.UUID       `json:"customer_id"`
	MFA        bool             `json:"mfa"`
	CreatedAt  time.Time        `json:"created_at"`
}

type invitedBody struct {
	userBody
	Invitation invitationBody `json:"invitation"`
}

type invitationBody struct {
	Link      string    `json:"link"`
	ExpiresAt time.Time `json:"expires_at"`
}

func userShape(u remit.User) userBody {
	return userBody{
		ID: u.ID, Name: u.Name, Email: u.Email, Status: u.Status, Disabled: u.Status == remit.UserDisabled,
		CustomerID: u.CustomerID, MFA: u.MFA, CreatedAt: u.CreatedAt.UTC(),
	}
}

func apiTokens(c *call) (answer, error) {
	list, err := c.server.commands.APITokens(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, tokenShape))
}

func createAPIToken(c *call) (answer, error) {
	made, err := c.server.commands.CreateAPIToken(c.ctx(), c.caller, body(c, tokenWire.input))
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: newTokenBody{tokenShape(made.APIToken), made.Secret.Reveal()}}, nil
}

func revokeAPIToken(c *call) (answer, error) {
	if err := c.server.commands.RevokeAPIToken(c.ctx(), c.caller, c.id()); err != nil {
		return answer{}, err
	}
	return noContent()
}

type tokenWire struct {
	Organisation string     `json:"organisation"`
	Name         string     `json:"name"`
	Scopes       []string   `json:"scopes"`
	ExpiresAt    *time.Time `json:"expires_at"`
}

// input keeps null scopes, which are all, apart from a list.
func (w tokenWire) input() (commands.TokenInput, error) {
	in := commands.TokenInput{Organisation: w.Organisation, Name: w.Name, ExpiresAt: w.ExpiresAt}
	if w.Scopes == nil {
		return in, nil
	}
	var err error
	in.Scopes, err = parseScopes("scopes", w.Scopes)
	return in, err
}

// tokenBody is an API token without its secret.
type tokenBody struct {
	ID         uuid.UUID  `json:"id"`
	Name       string     `json:"name"`
	User       uuid.UUID  `json:"user"`
	Owner      string     `json:"owner"`
	Scopes     []string   `json:"scopes"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
}

type newTokenBody struct {
	tokenBody
	Secret string `json:"secret"`
}

func tokenShape(t remit.APIToken) tokenBody {
	body := tokenBody{
		ID: t.ID, Name: t.Name, User: t.Account, Owner: t.Owner, CreatedAt: t.CreatedAt.UTC(),
		LastUsedAt: utc(t.LastUsedAt), ExpiresAt: utc(t.ExpiresAt), RevokedAt: utc(t.RevokedAt),
	}
	if t.Scopes != nil {
		body.Scopes = scopeTexts(t.Scopes)
	}
	return body
}
