package portal

import (
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

// mostChoices is how many customers a page offers to choose from. A browser finds
// one of that many by the first letters of the name; a page with more is slow.
const mostChoices = 2000

// customersToChoose are the customers the visitor sees, by name, at most
// [mostChoices] besides the one chosen; none where he may see none.
func (v *visit) customersToChoose(chosen string) ([]remit.Customer, error) {
	var all []remit.Customer
	for after := ""; ; {
		list, err := v.do.Customers(v.ctx(), v.caller, v.place(), commands.Page{After: after, Limit: 100})
		if remit.IsCode(err, remit.CodeForbidden) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, list.Items...)
		if after = list.Next; after == "" || len(all) >= mostChoices {
			break
		}
	}
	id, err := uuid.Parse(chosen)
	isChosen := func(c remit.Customer) bool { return c.ID == id }
	if err == nil && !slices.ContainsFunc(all, isChosen) {
		one, err := v.do.Customer(v.ctx(), v.caller, id)
		if err != nil && !remit.IsCode(err, remit.CodeNotFound) && !remit.IsCode(err, remit.CodeForbidden) {
			return nil, err
		}
		if err == nil {
			all = append(all, one)
		}
	}
	return all, nil
}
