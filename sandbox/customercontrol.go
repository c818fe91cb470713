package sandbox

import (
	"net/http"
	"strings"
)

func init() { dashboard("/customers", copyCustomer) }

// copyCustomer accepts a customer whom another account has sent in a data copy: he
// keeps his id there, which nobody can choose for a customer he makes.
func copyCustomer(t *tx, _ string, r *http.Request) (any, *apiError) {
	var wish struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Email string `json:"email"`
	}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	if !strings.HasPrefix(wish.ID, "cus_") {
		return nil, invalidParam("", "id", "A customer's id begins with cus_.")
	}
	if _, there := get[customer](t, wish.ID); there {
		return nil, invalidParam("resource_already_exists", "id", "Customer already exists.")
	}
	who := t.newCustomer()
	who.ID = wish.ID
	if wish.Name != "" {
		who.Name = &wish.Name
	}
	if wish.Email != "" {
		who.Email = &wish.Email
	}
	t.put(who)
	t.emit("customer.created", who)
	return who, nil
}
