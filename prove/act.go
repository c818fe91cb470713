package prove

import (
	"context"
	"math/rand/v2"
)

// kind is a sort of act. Each has a file of its own, act_….go, and a line below.
type kind struct {
	name   string
	weight int // how often, beside the others
	// write fills in what the act needs besides its invoice and its instant.
	write func(r *rand.Rand, s *Story, a *Act)
	// do carries it out, as somebody would who has only the API and a browser. It
	// says nothing of how it went: that is asked of the books.
	do func(ctx context.Context, w *world, a Act)
	// passes are the boundaries that it makes the worker pass, at most.
	passes []string
}

// kinds are all that may happen.
var kinds = []kind{
	{"pay", 8, writePay, doPay, []string{"reserved", "intent created", "intent stored", "last look passed", "confirm answered", "confirm answered", "recorded"}},
	{"debit", 4, writeDebit, doPay, []string{"reserved", "intent created", "intent stored", "last look passed", "confirm answered", "recorded"}},
	{"cancel", 2, writeCancel, doCancel, []string{"intent canceled", "recorded"}},
	{"return", 2, writeReturn, doReturn, []string{"changed"}},
	{"checkout", 4, writeCheckout, doCheckout, []string{"reserved", "session created", "session stored", "recorded"}},
	{"link", 3, writeCheckout, doLink, []string{"reserved", "session created", "session stored", "recorded"}},
	{"transfer", 2, writeTransfer, doTransfer, []string{"changed", "session expired"}},
	{"void", 1, writeNothing, doVoid, []string{"changed", "session expired"}},
	{"amend", 2, writeAmend, doAmend, []string{"changed"}},
	{"refund", 3, writeRefund, doRefund, []string{"refunds looked at", "refund reserved", "refund marked", "refund answered"}},
	{"refund elsewhere", 1, writeElsewhere, doElsewhere, []string{"changed"}},
	{"evidence", 2, writeEvidence, doEvidence, []string{"changed"}},
	{"stray", 2, writeStray, doStray, []string{"changed", "recorded"}},
	{"run", 4, writeRun, doRun, []string{"page begun", "charge begun", "reserved", "intent stored", "confirm answered", "recorded", "charge ended", "page ended"}},
	{"charge", 2, writeNothing, doCharge, []string{"charge begun", "reserved", "confirm answered", "recorded", "charge ended"}},
	{"hold", 1, writeHold, doHold, []string{"changed", "charge begun"}},
	{"method", 2, writeMethod, doMethod, []string{"charge begun", "recorded"}},
	{"look", 1, writeNothing, doLook, []string{"asked once more", "settled by hand"}},
	{"rights", 1, writeRights, doRights, []string{"intent canceled"}},
	{"restrict", 1, writeRestrict, doRestrict, []string{"account looked at", "account recorded"}},
	{"disconnect", 2, writeDisconnect, doDisconnect, []string{"account looked at", "account recorded", "wound down", "access revoked", "session expired", "intent canceled"}},
	{"schedule", 2, writeSchedule, doSchedule, []string{"bill drafted", "period through", "bills made"}},
	{"reschedule", 3, writeReschedule, doReschedule, []string{"bill drafted", "period through", "bills made"}},
	{"order", 5, writeOrder, doOrder, []string{"stock taken", "order made", "reserved", "session created", "session stored", "recorded", "order over"}},
	{"fulfil", 3, writeNothing, doFulfil, []string{"recorded", "order over"}},
	{"give back", 2, writeRefund, doGiveBack, []string{"refund reserved", "refund answered"}},
	{"approve", 4, writeApprove, doApprove, []string{"approval asked", "approval answered", "approval gone up", "approval used", "approval used"}},
	{"forgive", 2, writeForgive, doForgive, []string{"changed", "late fee decided", "late fee decided"}},
	{"found", 1, writeNothing, doFound, []string{"account made", "account made", "account looked at"}},
}

func writeNothing(*rand.Rand, *Story, *Act) {}

// pickKind picks one that something can come of in the story's world.
func pickKind(r *rand.Rand, s *Story) kind {
	for {
		all := 0
		for _, k := range kinds {
			all += k.weight
		}
		n := r.IntN(all)
		for _, k := range kinds {
			if n -= k.weight; n >= 0 {
				continue
			}
			if k.name == "approve" && s.Above == 0 || k.name == "forgive" && !s.Late {
				break
			}
			return k
		}
	}
}

func kindOf(name string) (kind, bool) {
	for _, k := range kinds {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// part gives a part of what is owed now and then, and 0, which is all of it,
// mostly.
func partOf(r *rand.Rand, s *Story, a *Act) int64 {
	if r.IntN(4) > 0 {
		return 0
	}
	return s.Invoices[a.Invoice].Amount / int64(2+r.IntN(2))
}
