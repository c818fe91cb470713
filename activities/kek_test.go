package activities_test

import (
	"testing"

	"github.com/tink-crypto/tink-go/v2/tink"

	"remit/secrets"
)

func testKEK(t *testing.T) tink.AEAD {
	t.Helper()
	file := t.TempDir() + "/kek"
	must(t, secrets.CreateKEK(file))
	kek, err := secrets.ReadKEK(file)
	must(t, err)
	return kek
}
