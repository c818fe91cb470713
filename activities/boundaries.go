package activities

// Boundaries are the places between two steps at which [Payments.Crash],
// [Connections.Crash] and the commands' own are called: behind each, something is true at
// Stripe or in the database that was not before it. Behind "bill drafted" and "stock taken"
// that is so for their transaction alone: who dies there leaves nothing.
var Boundaries = []string{
	"reserved", "intent created", "intent stored", "last look passed", "confirm answered", "recorded",
	"session created", "session stored", "session expired", "intent canceled", "changed", "script ran",
	"refunds looked at", "refund reserved", "refund marked", "refund answered",
	"asked once more", "settled by hand", "charge begun", "charge ended", "page begun", "page ended",
	"bill drafted", "period through", "bills made", "stock taken", "order made", "order over",
	"approval asked", "approval answered", "approval gone up", "approval used", "late fee decided",
	"account made", "account looked at", "account recorded", "wound down", "access revoked",
}
