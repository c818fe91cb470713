package page

import (
	"strings"
	"testing"
	"time"

	"remit"
)

// Protects whoever disconnects from a dead end: as long as it is not done, or would not
// be at once, it can be ended without waiting (Z7).
func TestTheDrillOffersNotToWait(t *testing.T) {
	now := time.Now()
	for name, drill := range map[string]struct {
		Disconnect
		offered bool
	}{
		"nothing on its way":  {Disconnect{}, false},
		"an open dispute":     {Disconnect{Impact: remit.Impact{Disputes: remit.Touched{Count: 1}}}, true},
		"a refund":            {Disconnect{Impact: remit.Impact{Refunds: remit.Touched{Count: 1}}}, true},
		"disconnecting still": {Disconnect{Connection: remit.Connection{DisconnectingSince: &now}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			drill.Zone = time.UTC
			var text strings.Builder
			if err := DisconnectPage(drill.Disconnect).Render(t.Context(), &text); err != nil {
				t.Fatal(err)
			}
			if offered := strings.Contains(text.String(), `name="force"`); offered != drill.offered {
				t.Errorf("offered is %t", offered)
			}
		})
	}
}
