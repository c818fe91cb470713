package portal

import (
	"net/http"
	"strings"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// roles lists the roles of the organisation chosen (U24).
func (v *visit) roles() error {
	list, err := v.do.Roles(v.ctx(), v.caller, v.place(), commands.Page{Limit: 100})
	if err != nil {
		return err
	}
	view := page.Roles{Shell: v.settingsShell("Roles"), MayEdit: v.may(v.place(), remit.AdminRoles)}
	for _, r := range list.Items {
		view.Rows = append(view.Rows, page.RoleRow{
			Name: r.Name, Permissions: scopeTexts(r.Permissions), Shipped: r.Shipped, Deny: r.Deny, Protected: r.Protected, Grants: r.Grants,
		})
	}
	return v.show(http.StatusOK, page.RolesPage(view))
}

func scopeTexts(scopes []remit.Scope) []string {
	list := make([]string, len(scopes))
	for n, s := range scopes {
		list[n] = s.String()
	}
	return list
}

// rolePage is the editor of one role, or asks before it is deleted.
func (v *visit) rolePage() error {
	name := v.query("name")
	if name == "" {
		return v.show(http.StatusOK, page.RoleFormPage(page.RoleForm{Shell: v.settingsShell("New role")}))
	}
	view, err := v.roleView(name)
	if err != nil {
		return err
	}
	if v.query("remove") == "" {
		return v.show(http.StatusOK, page.RoleFormPage(view))
	}
	preview, err := v.do.PreviewDeleteRole(v.ctx(), v.caller, v.place(), name)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.AskPage(page.Ask{
		Shell: v.settingsShell("Delete " + name), Heading: "Delete the role " + name + "?", Message: "What changes:", Details: effectLines(preview),
		Action: "/settings/roles/remove", Button: "Delete the role", Fields: []page.Option{{Value: "name", Label: name}},
		Back: page.Link{Label: "Keep it", Href: "/settings/roles"}, Trail: []page.Link{{Label: "Roles", Href: "/settings/roles"}},
	}))
}

func (v *visit) roleView(name string) (page.RoleForm, error) {
	list, err := v.do.Roles(v.ctx(), v.caller, v.place(), commands.Page{Limit: 100})
	if err != nil {
		return page.RoleForm{}, err
	}
	for _, r := range list.Items {
		if r.Name == name {
			return page.RoleForm{
				Shell: v.settingsShell("Role " + name), Existing: true, Shipped: r.Shipped, Name: name, Permissions: strings.Join(scopeTexts(r.Permissions), "\n"),
			}, nil
		}
	}
	return page.RoleForm{}, remit.NotFound()
}

// saveRole first shows who gains and loses what, then saves.
func (v *visit) saveRole() error {
	name := v.typed("name")
	view, err := v.roleView(name)
	if remit.IsCode(err, remit.CodeNotFound) {
		view, err = page.RoleForm{Shell: v.settingsShell("New role"), Name: name}, nil
	}
	if err != nil {
		return err
	}
	view.Permissions = strings.Join(lines(v.typed("permissions")), "\n")
	in, err := readScopes(view.Permissions)
	if err == nil && v.typed("then") == "save" {
		if _, _, err = v.do.PutRole(v.ctx(), v.caller, v.place(), name, commands.Given(commands.RoleInput{Permissions: in})); err == nil {
			return v.goTo("/settings/roles", "saved")
		}
	} else if err == nil {
		var preview commands.Preview
		if preview, err = v.do.PreviewPutRole(v.ctx(), v.caller, v.place(), name, commands.RoleInput{Permissions: in}); err == nil {
			view.Shown, view.Effects, view.Total = true, effects(preview), preview.Total
			return v.show(http.StatusOK, page.RoleFormPage(view))
		}
	}
	fields := []string{"permissions"}
	if !view.Existing {
		fields = append(fields, "name")
	}
	p, status, mendable := problems(err, fields...)
	if !mendable {
		return err
	}
	view.Problems = p
	return v.show(status, page.RoleFormPage(view))
}

// readScopes reads permissions, one a line.
func readScopes(text string) ([]remit.Scope, error) {
	scopes := []remit.Scope{}
	for _, line := range lines(text) {
		scope, err := remit.ParseScope(line)
		if err != nil {
			return nil, wrong("permissions", remit.AsError(err).Message)
		}
		scopes = append(scopes, scope)
	}
	return scopes, nil
}

func (v *visit) removeRole() error {
	if err := v.do.DeleteRole(v.ctx(), v.caller, v.place(), v.typed("name")); err != nil {
		return err
	}
	return v.goTo("/settings/roles", "removed")
}
