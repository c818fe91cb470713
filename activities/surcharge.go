package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// agreedSurcharge is what of the fee an attempt passes on, now that its method is
// known. Where the payer was shown another sum, nothing is charged.
func agreedSurcharge(i remit.Invoice, a *remit.Attempt, agreed *int64) (int64, error) {
	amount := money.Of(a.Amount, money.Currency(i.Currency))
	fee, err := remit.Surcharge(i.Settings.Surcharge, a.Method, amount)
	if err != nil {
		return 0, err
	}
	if agreed != nil && *agreed != fee {
		return 0, remit.OtherSurcharge(amount, fee)
	}
	return fee, nil
}

// readFunding asks Stripe what kind of card it is that is paid with, where that decides
// about the fee: what was never stored, and what is stored as credit. A bank puts a new
// card in the place of an old one, and it may be a debit card, which is not to be
// surcharged (D4). A charge by itself may turn out lower than its forecast by that, never
// higher: what is not stored as credit is not asked about, and pays no fee.
func (p *Payments) readFunding(ctx context.Context, r *reservation) error {
	if r.in.PaymentMethod == nil {
		return nil
	}
	var method remit.PaymentMethod
	decides := false
	err := p.DB.InTenant(ctx, r.ref.Tenant, func(tx *postgres.Tx) error {
		invoice, err := tx.InvoiceHead(ctx, r.ref.Invoice)
		if err != nil || !invoice.Settings.Surcharge.On() {
			return err
		}
		method, err = tx.PaymentMethod(ctx, *r.in.PaymentMethod)
		if remit.IsCode(err, remit.CodeNotFound) {
			return nil // reserving says so
		}
		unread := method.Funding == "" && !r.in.Permit.Itself()
		decides = method.Type == gateway.TypeCard && (unread || method.Summary().Surchargeable()) && method.Status == remit.MethodUsable &&
			method.Account == r.link.Account && method.Livemode == r.link.Livemode
		return err
	})
	if err != nil || !decides {
		return err
	}
	view, err := r.link.Stripe.PaymentMethod(ctx, method.StripeID)
	if err != nil {
		return p.beforeMoney(err)
	}
	return StoreMethod(ctx, p.DB, r.ref.Tenant, r.link, method.CustomerID, view, p.Now())
}

// feeWords name the fee that is passed on with an amount, to follow it: "" for none.
func feeWords(fee int64, currency string) string {
	if fee == 0 {
		return ""
	}
	return " and a card fee of " + money.Of(fee, money.Currency(currency)).String()
}

// hostedFor decides what a hosted page takes: what the invoice allows and can be
// offered. It refuses one that takes cards where fees are passed on: which
// card it is shows only there, and then it is charged already (D4). Such a page takes
// bank accounts alone. The exception is a payer whose bank wants him to confirm, which
// he can do nowhere else: he pays without the fee.
func hostedFor(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation) (err error) {
	if r.stored.Kind != remit.RequestCheckout {
		return nil
	}
	if r.hosted, err = remit.OfferHosted(l.Settings.Methods, r.debits, r.in.BankOnly); err != nil {
		return err
	}
	if !l.Settings.Surcharge.On() || !r.hosted.Cards {
		return nil
	}
	payments, err := tx.Payments(ctx, l.ID)
	if err != nil || remit.WantsPayer(payments) {
		return err
	}
	return remit.Conflict(remit.CodeConflict, "This was changed meanwhile. Check, send again.")
}

// ended follows the record of an attempt's end.
func (p *Payments) ended(ctx context.Context, w *work) {
	p.putAway(ctx, w)
	if p.Ended != nil {
		p.Ended(w.attempt)
	}
}

// putAway takes a card away again, here and at Stripe, that was typed for one payment
// and not to be kept. Where Stripe does not answer, the sweep does it.
func (p *Payments) putAway(ctx context.Context, w *work) {
	if w.attempt.PaymentMethodID == nil || w.attempt.State.Live() || w.link == nil {
		return
	}
	var method remit.PaymentMethod
	err := p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) (err error) {
		method, err = tx.PaymentMethod(ctx, *w.attempt.PaymentMethodID)
		return err
	})
	if err == nil && method.OnlyFor != nil {
		err = PutAway(ctx, p.DB, w.ref.Tenant, w.link, method)
	}
	if err != nil {
		p.Logger.WarnContext(ctx, "a card that is not kept was not taken away; the sweep does it", "error", err)
	}
}

// keepCard keeps a card that was typed for a payment, now that it has paid, where its payer
// agreed: in the transaction that records the money, so that no death lies between.
func (w *work) keepCard(ctx context.Context, tx *postgres.Tx, a remit.Attempt) error {
	if a.State != remit.AttemptSucceeded || a.PaymentMethodID == nil || !w.keeps() {
		return nil
	}
	method, err := tx.PaymentMethod(ctx, *a.PaymentMethodID)
	if err != nil || method.OnlyFor == nil {
		return err
	}
	return tx.KeepCard(ctx, method)
}

// keeps reports that what is paid with is kept, as its payer agreed.
func (w *work) keeps() bool {
	var in remit.PayRequest
	return json.Unmarshal(w.request.Payload, &in) == nil && in.Save && in.Typed
}

// PutAway detaches a card that was only for one invoice. Repeated it changes nothing.
func PutAway(ctx context.Context, db *postgres.DB, tenant uuid.UUID, link *Link, method remit.PaymentMethod) error {
	if method.OnlyFor == nil || method.Status == remit.MethodDetached {
		return nil
	}
	err := link.Stripe.DetachPaymentMethod(ctx, fmt.Sprintf("method/%s/detach", method.ID), method.StripeID)
	if err != nil && gateway.MeaningOf(err) != gateway.Stop && gateway.MeaningOf(err) != gateway.State { // gone already
		return err
	}
	return db.InTenant(ctx, tenant, func(tx *postgres.Tx) error { return tx.DetachMethod(ctx, method.ID) })
}

// CollectsOnce reports that a page is open on which a customer may type a card that is
// not to be kept: a new one of his is then left to that page.
func CollectsOnce(ctx context.Context, db *postgres.DB, tenant, customer uuid.UUID) (is bool, err error) {
	err = db.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		is, err = tx.CollectsOnce(ctx, customer)
		return err
	})
	return is, err
}

// chargedFee is what would be passed on with a charge by itself; 0 where there is no
// method, or the charge will not be made.
func chargedFee(i remit.Invoice, method *remit.PaymentMethod, amount int64) (int64, error) {
	if method == nil {
		return 0, nil
	}
	fee, err := remit.Surcharge(i.Settings.Surcharge, method.Summary(), money.Of(amount, money.Currency(i.Currency)))
	if refusal(err) != nil {
		return 0, nil
	}
	return fee, err
}
