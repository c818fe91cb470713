package commands

import (
	"testing"

	"remit"
	"remit/postgres"
)

// A change of a customer is made of him as he is when it is written: neither his no to
// charges nor what was taken or said meanwhile is undone, and who was deleted stays so.
// What happens while a body is read happens between reading and writing.
func TestAChangeUndoesNothingThatWasSaidMeanwhile(t *testing.T) {
	t.Parallel()
	h, owner := openHouse(t)
	ctx := t.Context()
	yes := true
	customer, err := h.CreateCustomer(ctx, owner, Given(CustomerInput{Organisation: "/dev", Name: "Globex", Email: "pay@globex.test", AutoCharge: &yes}))
	if err != nil {
		t.Fatal(err)
	}
	meanwhile := func() {
		if err := h.SwitchAutomatic(ctx, owner, customer.ID, Given(false)); err != nil {
			t.Fatal(err)
		}
		h.in(owner, func(tx *postgres.Tx) error {
			is, err := tx.HeldCustomer(ctx, customer.ID)
			if err != nil {
				return err
			}
			is.Details.Telephone = "020 1"
			return tx.TakeContact(ctx, is)
		})
	}
	label := "Blue"
	after, err := h.UpdateCustomer(ctx, owner, customer.ID, func() (CustomerInput, error) {
		meanwhile()
		return CustomerInput{KeepWord: true, Change: &CustomerChange{TaxStatus: &label}}, nil
	})
	if err != nil || after.AutoCharge == nil || *after.AutoCharge || after.Details.Telephone != "020 1" || after.Details.TaxStatus != "Blue" {
		t.Errorf("after a change in another form he is %+v, %v", after, err)
	}

	// A form that was opened before: only what was typed is a change.
	shown := CustomerShown{Name: "Globex", Currency: "USD", Reminders: true}
	reminders := true
	after, err = h.UpdateCustomer(ctx, owner, customer.ID, Given(CustomerInput{Name: "Globex Ltd", Currency: "USD", Reminders: &reminders, Shown: &shown, Details: &remit.CustomerDetails{Aliases: []string{"GX"}}}))
	if err != nil || after.Name != "Globex Ltd" || after.Email != "pay@globex.test" || after.AutoCharge == nil || *after.AutoCharge || after.Details.Telephone != "020 1" || after.Details.TaxStatus != "Blue" || len(after.Details.Aliases) != 1 {
		t.Errorf("after a form that was open for long he is %+v, %v", after, err)
	}

	// A word on charges is a write of its own.
	err = h.SwitchAutomatic(ctx, owner, customer.ID, func() (bool, error) {
		_, err := h.UpdateCustomer(ctx, owner, customer.ID, Given(CustomerInput{KeepWord: true, Change: &CustomerChange{LegalName: &label}}))
		return true, err
	})
	if is, readErr := h.Customer(ctx, owner, customer.ID); err != nil || readErr != nil || is.Name != "Blue" || !*is.AutoCharge {
		t.Errorf("after his word he is %+v, %v", is, err)
	}

	_, err = h.UpdateCustomer(ctx, owner, customer.ID, func() (CustomerInput, error) {
		return CustomerInput{Name: "Again", Email: "again@globex.test"}, h.DeleteCustomer(ctx, owner, customer.ID, "")
	})
	if !remit.IsCode(err, remit.CodeNotFound) {
		t.Errorf("changed while he is deleted: %v", err)
	}
	if n := h.number("select count(*) from customers where id = $1 and email = '' and name = 'Blue' and auto_charge = false", customer.ID); n != 1 {
		t.Error("who was deleted is written back")
	}
}
