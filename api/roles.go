package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func roles(c *call) (answer, error) {
	list, err := c.server.commands.Roles(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, roleShape))
}

func putRole(c *call) (answer, error) {
	role, isNew, err := c.server.commands.PutRole(c.ctx(), c.caller, c.organisation(), c.params.ByName("name"), body(c, roleWire.input))
	if err != nil {
		return answer{}, err
	}
	if isNew {
		return created(roleShape(role))
	}
	return ok(roleShape(role))
}

func deleteRole(c *call) (answer, error) {
	if err := c.server.commands.DeleteRole(c.ctx(), c.caller, c.organisation(), c.params.ByName("name")); err != nil {
		return answer{}, err
	}
	return noContent()
}

type roleWire struct {
	Permissions []string `json:"permissions"`
}

func (w roleWire) input() (commands.RoleInput, error) {
	scopes, err := parseScopes("permissions", w.Permissions)
	return commands.RoleInput{Permissions: scopes}, err
}

// parseScopes reads permissions, naming the one that is wrong.
func parseScopes(field string, texts []string) ([]remit.Scope, error) {
	scopes := make([]remit.Scope, len(texts))
	var wrong []remit.FieldError
	for i, text := range texts {
		scope, err := remit.ParseScope(text)
		if err != nil {
			wrong = append(wrong, remit.FieldError{Field: entry(field, i), Message: remit.AsError(err).Message})
		}
		scopes[i] = scope
	}
	if wrong != nil {
		return nil, fieldErrors(nil, wrong)
	}
	return scopes, nil
}

type roleBody struct {
	Name        string   `json:"name"`
	Shipped     bool     `json:"shipped"`
	Protected   bool     `json:"protected"`
	Deny        bool     `json:"deny"`
	Grants      int      `json:"grants"`
	Permissions []string `json:"permissions"`
}

func roleShape(r commands.Role) roleBody {
	return roleBody{
		Name: r.Name, Shipped: r.Shipped, Protected: r.Protected, Deny: r.Deny, Grants: r.Grants, Permissions: scopeTexts(r.Permissions),
	}
}

func scopeTexts(scopes []remit.Scope) []string {
	texts := make([]string, len(scopes))
	for i, scope := range scopes {
		texts[i] = scope.String()
	}
	return texts
}

func grants(c *call) (answer, error) {
	filter := commands.GrantFilter{Organisation: c.organisation(), Role: c.text("role")}
	if user := c.text("user"); user != "" {
		id := uuid.MustParse(user)
		filter.User = &id
	}
	list, err := c.server.commands.Grants(c.ctx(), c.caller, filter, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, grantShape))
}

func createGrant(c *call) (answer, error) {
	grant, err := c.server.commands.CreateGrant(c.ctx(), c.caller, body(c, func(w grantWire) (commands.GrantInput, error) {
		return commands.GrantInput(w), nil
	}))
	if err != nil {
		return answer{}, err
	}
	return created(grantShape(grant))
}

func deleteGrant(c *call) (answer, error) {
	if err := c.server.commands.DeleteGrant(c.ctx(), c.caller, c.id()); err != nil {
		return answer{}, err
	}
	return noContent()
}

type grantWire struct {
	User string `json:"user"`
	Role string `json:"role"`
	Path string `json:"path"`
}

type grantBody struct {
	ID        uuid.UUID `json:"id"`
	User      uuid.UUID `json:"user"`
	UserName  string    `json:"user_name"`
	UserEmail string    `json:"user_email"`
	Role      string    `json:"role"`
	Path      string    `json:"path"`
	CreatedAt time.Time `json:"created_at"`
}

func grantShape(g remit.RoleGrant) grantBody {
	return grantBody{
		ID: g.ID, User: g.User, UserName: g.UserName, UserEmail: g.UserEmail, Role: g.Role, Path: g.Path, CreatedAt: g.CreatedAt.UTC(),
	}
}
