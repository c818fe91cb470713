package commands

import (
	"testing"

	"remit"
	"remit/secrets"
)

// A password made of the organisation's name is as good as none for whoever
// works there (ASVS 6.2.11): it is refused when one is chosen and when one is
// changed, and taken from whoever does not.
func TestTheOrganisationsNameMakesNoPassword(t *testing.T) {
	h, _ := openHouse(t)
	const guessable = "Quillfeather-Brothers"
	_, err := h.CreateFirstAdministrator(t.Context(), FirstAdministrator{
		Organisation: "/quillfeather brothers", Email: "ann@example.com", Name: "Ann", Password: secrets.NewSecret(guessable),
	})
	wants(t, "the first administrator's", err, remit.KindInvalid)
	ann := h.founder("/quillfeather brothers", "ann@example.com")
	change := func(by Caller) error {
		return h.ChangePassword(t.Context(), by, Given(PasswordChange{Old: secrets.NewSecret(goodPassword), New: secrets.NewSecret(guessable)}))
	}
	wants(t, "a changed one", change(ann), remit.KindInvalid)
	if err := change(h.founder("/other", "otto@example.com")); err != nil {
		t.Errorf("who does not work there: %v", err)
	}
}
