package activities

// Boundaries are the places between two steps at which [Payments.Crash] and
// [Connections.Crash] are called: behind each, something is true at Stripe or in the database that was
// not before it.
var Boundaries = []string{
	"reserved", "intent created", "intent stored", "last look passed", "confirm answered", "recorded",
	"session created", "session stored", "session expired", "intent canceled", "changed", "script ran",
	"refunds looked at", "refund reserved", "refund marked", "refund answered",
	"asked once more", "settled by hand", "charge begun", "charge ended", "page begun", "page ended",
	"account made", "account looked at", "account recorded", "wound down", "access revoked",
}
