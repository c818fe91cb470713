package portal

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// people lists who may sign in here (U24).
func (v *visit) people() error {
	view, err := v.peopleView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.PeoplePage(view))
}

func (v *visit) peopleView() (page.People, error) {
	view := page.People{Shell: v.settingsShell("People"), MayInvite: v.anywhere(remit.AdminUsers), Places: v.placesWhere(remit.AdminRoles)}
	list, err := v.do.Users(v.ctx(), v.caller, v.place(), commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return view, err
	}
	view.Rows = list.Items
	if list.Next != "" {
		view.Next = "/settings/people?" + url.Values{"after": {list.Next}}.Encode()
	}
	view.Roles = v.roleNames()
	return view, nil
}

// roleNames are the roles that can be given by who may give any.
func (v *visit) roleNames() []string {
	if !v.anywhere(remit.AdminRoles) {
		return nil
	}
	list, err := v.do.Roles(v.ctx(), v.caller, v.place(), commands.Page{Limit: 100})
	if err != nil {
		v.portal.logger.WarnContext(v.ctx(), "the roles were not read", "error", err)
	}
	var names []string
	for _, r := range list.Items {
		if r.Name != "Customer" { // who is a customer's user has it by being one
			names = append(names, r.Name)
		}
	}
	return names
}

func (v *visit) invite() error {
	in := commands.InviteInput{Organisation: v.place(), Email: v.typed("email"), Name: v.typed("name")}
	if role := v.typed("role"); role != "" {
		in.Grants = []commands.GrantInput{{Role: role, Path: v.typed("path")}}
	}
	invitation, err := v.do.InviteUser(v.ctx(), v.caller, commands.Given(in))
	p, status := page.Problems{}, http.StatusOK
	if err != nil {
		var mendable bool
		if p, status, mendable = problems(err, "email", "name", "grants[0].role", "grants[0].path"); !mendable {
			return err
		}
	}
	view, err := v.peopleView()
	if err != nil {
		return err
	}
	if view.Problems = p; p.Any() {
		view.Email, view.Name, view.Role, view.Path = in.Email, in.Name, v.typed("role"), v.typed("path")
		for n := range view.Problems.Fields { // as the form calls them
			name := view.Problems.Fields[n].Field
			view.Problems.Fields[n].Field = name[strings.LastIndexByte(name, '.')+1:]
		}
	} else {
		view.Link = v.do.PublicURL + invitation.Link
	}
	return v.show(status, page.PeoplePage(view))
}

// person is one of them: what was given, and why he can do something.
func (v *visit) person() error {
	view, err := v.personView()
	if err != nil {
		return err
	}
	if scope, where := v.query("scope"), v.query("where"); scope != "" {
		view.Ask = page.WhyFields{Scope: scope, Path: where}
		asked, err := remit.ParseScope(scope)
		if err != nil {
			return err
		}
		why, err := v.do.Explain(v.ctx(), v.caller, commands.ExplainInput{User: view.User.ID, Path: where, Scope: asked})
		if err != nil {
			return err
		}
		view.Answer = why.String()
	}
	return v.show(http.StatusOK, page.PersonPage(view))
}

func (v *visit) personView() (page.Person, error) {
	id, err := v.id("id")
	if err != nil {
		return page.Person{}, err
	}
	user, grants, err := v.do.User(v.ctx(), v.caller, v.place(), id)
	if err != nil {
		return page.Person{}, err
	}
	view := page.Person{User: user, Grants: grants, Zone: v.zone(v.place()), MayAdmin: v.anywhere(remit.AdminUsers) && id != v.caller.Account}
	name := user.Name
	if name == "" {
		name = user.Email
	}
	view.Shell = v.settingsShell(name)
	view.Roles, view.MayGrant = v.roleNames(), v.anywhere(remit.AdminRoles)
	for _, o := range v.organisationTree() {
		view.Places = append(view.Places, o.Path)
	}
	return view, nil
}

func (v *visit) setDisabled() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	disabled := v.typed("disabled") == "yes"
	if _, err := v.do.SetUserDisabled(v.ctx(), v.caller, v.place(), id, commands.Given(disabled)); err != nil {
		return err
	}
	if disabled {
		return v.goTo("/settings/people/"+id.String(), "disabled")
	}
	return v.goTo("/settings/people/"+id.String(), "enabled")
}

// grantPage shows who gains what before a role is given.
func (v *visit) grantPage() error {
	view, err := v.personView()
	if err != nil {
		return err
	}
	in := commands.GrantInput{User: view.User.ID.String(), Role: v.query("role"), Path: v.query("path")}
	preview, err := v.do.PreviewCreateGrant(v.ctx(), v.caller, in)
	if err != nil {
		p, status, mendable := problems(err, "role", "path")
		if !mendable {
			return err
		}
		view.Problems, view.Role, view.Path = p, in.Role, in.Path
		return v.show(status, page.PersonPage(view))
	}
	back := "/settings/people/" + view.User.ID.String()
	return v.show(http.StatusOK, page.AskPage(page.Ask{
		Shell: v.settingsShell("Give " + in.Role), Heading: "Give " + in.Role + " to " + view.Title + "?", Message: "At " + in.Path + " and below. What changes:",
		Details: effectLines(preview), Action: back + "/grant", Button: "Give " + in.Role, Calm: true, Back: page.Link{Label: "Back", Href: back},
		Fields: []page.Option{{Value: "role", Label: in.Role}, {Value: "path", Label: in.Path}}, Trail: []page.Link{{Label: view.Title, Href: back}},
	}))
}

func (v *visit) grant() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	in := commands.GrantInput{User: id.String(), Role: v.typed("role"), Path: v.typed("path")}
	if _, err := v.do.CreateGrant(v.ctx(), v.caller, commands.Given(in)); err != nil {
		return err
	}
	return v.goTo("/settings/people/"+id.String(), "granted")
}

// removeGrantPage shows who loses what before a role is taken away.
func (v *visit) removeGrantPage() error {
	view, err := v.personView()
	if err != nil {
		return err
	}
	grant, err := v.id("grant")
	if err != nil {
		return err
	}
	preview, err := v.do.PreviewDeleteGrant(v.ctx(), v.caller, grant)
	if err != nil {
		return err
	}
	back := "/settings/people/" + view.User.ID.String()
	role := roleOf(view.Grants, grant)
	return v.show(http.StatusOK, page.AskPage(page.Ask{
		Shell: v.settingsShell("Take away " + role), Heading: "Take " + role + " away from " + view.Title + "?", Message: "What changes:", Details: effectLines(preview),
		Action: v.path(), Button: "Take away", Back: page.Link{Label: "Back", Href: back}, Trail: []page.Link{{Label: view.Title, Href: back}},
	}))
}

func roleOf(grants []remit.RoleGrant, id uuid.UUID) string {
	for _, g := range grants {
		if g.ID == id {
			return g.Role
		}
	}
	return "the role"
}

func (v *visit) removeGrant() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	grant, err := v.id("grant")
	if err != nil {
		return err
	}
	if err := v.do.DeleteGrant(v.ctx(), v.caller, grant); err != nil {
		return err
	}
	return v.goTo("/settings/people/"+id.String(), "ungranted")
}

// effectLines say what a change does, a sentence for each person and path.
func effectLines(preview commands.Preview) []string {
	list := []string{}
	for _, e := range effects(preview) {
		line := e.Person + " at " + e.Path
		if len(e.Gains) > 0 {
			line += " gains " + strings.Join(e.Gains, ", ")
		}
		if len(e.Loses) > 0 {
			line += " loses " + strings.Join(e.Loses, ", ")
		}
		list = append(list, line+".")
	}
	if len(list) == 0 {
		list = append(list, "Nobody gains or loses anything now.")
	}
	if more := preview.Total - len(preview.Effects); more > 0 {
		list = append(list, "And "+page.Count(more, "more change.", "more changes."))
	}
	return list
}

func effects(preview commands.Preview) []page.Effect {
	var list []page.Effect
	for _, e := range preview.Effects {
		effect := page.Effect{Person: e.Name, Path: e.Path}
		if effect.Person == "" {
			effect.Person = e.Email
		}
		for _, s := range e.Gains {
			effect.Gains = append(effect.Gains, s.String())
		}
		for _, s := range e.Loses {
			effect.Loses = append(effect.Loses, s.String())
		}
		list = append(list, effect)
	}
	return list
}
