package activities

import (
	"context"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// StoreMethod stores a customer's card, or a bank account that Stripe has verified
// elsewhere, as Stripe describes it now. One that is saved with a customer at Stripe
// with whom he is not linked (any more) is not his.
func StoreMethod(ctx context.Context, db *postgres.DB, tenant uuid.UUID, link *Link, customer uuid.UUID, view gateway.MethodView, now time.Time) error {
	id, err := newID()
	if err != nil {
		return err
	}
	return db.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		whose, err := tx.CustomerOfStripe(ctx, link.Account, view.Customer)
		if err != nil || view.Customer != "" && whose != customer {
			return err // he was unlinked meanwhile
		}
		_, _, err = tx.UpsertMethod(ctx, methodOf(id, customer, link.Account, link.Livemode, view, remit.MethodUsable), now)
		return err
	})
}

// StoreOnce stores a card that was typed for one invoice and is not to be kept, and
// gives its id.
func StoreOnce(ctx context.Context, db *postgres.DB, tenant uuid.UUID, link *Link, customer, invoice uuid.UUID, view gateway.MethodView, now time.Time) (stored uuid.UUID, err error) {
	id, err := newID()
	if err != nil {
		return id, err
	}
	method := methodOf(id, customer, link.Account, link.Livemode, view, remit.MethodUsable)
	method.OnlyFor = &invoice
	err = db.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		stored, _, err = tx.UpsertMethod(ctx, method, now)
		return err
	})
	return stored, err
}

func methodOf(id, customer uuid.UUID, account string, livemode bool, view gateway.MethodView, status remit.MethodStatus) remit.PaymentMethod {
	return remit.PaymentMethod{
		ID: id, CustomerID: customer, Account: account, Livemode: livemode, StripeID: view.ID, Type: view.Type, Brand: view.Brand, BankName: view.BankName,
		Last4: view.Last4, ExpMonth: view.ExpMonth, ExpYear: view.ExpYear, Funding: view.Funding, Fingerprint: view.Fingerprint, Status: status,
	}
}

// keepMethods stores the cards, or the bank accounts, that a checkout saved with
// its customer: of the kind that it was paid with.
func (p *Payments) keepMethods(ctx context.Context, w *work, intent remit.IntentView) error {
	kind := gateway.TypeCard
	if intent.Method != nil && intent.Method.Type == gateway.TypeBankAccount {
		kind = gateway.TypeBankAccount
	}
	methods, err := w.link.Stripe.PaymentMethods(ctx, w.payment.StripeCustomer, kind)
	if err != nil {
		return err
	}
	once, err := CollectsOnce(ctx, p.DB, w.ref.Tenant, w.payment.CustomerID)
	if err != nil {
		return err
	}
	for _, method := range methods {
		if once && kind == gateway.TypeCard && method.ID != intent.PaymentMethod {
			continue // it may be one that is not to be kept; its event tells of any other
		}
		if kind == gateway.TypeBankAccount {
			err = p.keepBankAccount(ctx, w, intent, method)
		} else {
			err = StoreMethod(ctx, p.DB, w.ref.Tenant, w.link, w.payment.CustomerID, method, p.Now())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keepBankAccount takes over a bank account that a checkout has saved, with the
// permission that its payer gave Stripe there. One that is known here is brought up
// to date by its own workflow; one whose event came first gets its permission.
func (p *Payments) keepBankAccount(ctx context.Context, w *work, intent remit.IntentView, view gateway.MethodView) error {
	return p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) error {
		now := w.clock.Now(p.Now())
		known, err := tx.MethodByStripeID(ctx, w.link.Account, view.ID)
		if err != nil || known != nil && known.Status != remit.MethodUsable {
			return err
		}
		if known == nil {
			id, err := newID()
			if err != nil {
				return err
			}
			stored := methodOf(id, w.payment.CustomerID, w.link.Account, w.link.Livemode, view, remit.MethodUsable)
			if stored.ID, _, err = tx.UpsertMethod(ctx, stored, now); err != nil {
				return err
			}
			known = &stored
		}
		if view.ID != intent.PaymentMethod || intent.Mandate == "" {
			return nil
		}
		if _, err := tx.BankAccount(ctx, known.ID); !remit.IsCode(err, remit.CodeNotFound) {
			return err
		}
		customer, err := tx.Customer(ctx, w.payment.CustomerID)
		if err != nil {
			return err
		}
		b := remit.BankAccount{
			ID: known.ID, CustomerID: customer.ID, OrganisationID: customer.OrganisationID, Account: w.link.Account, Livemode: w.link.Livemode,
			State: remit.BankAccountUsable, Mandate: intent.Mandate, Actor: w.attempt.Actor, CreatedAt: now, EndedAt: &now, Told: remit.ToldEnd,
			// Not after the debit, so that what becomes of that one holds for it.
			Acceptance: remit.MandateAcceptance{How: "online", At: w.attempt.CreatedAt, Address: "at Stripe", Agent: "at Stripe", Version: acceptedAtStripe},
		}
		if err := tx.InsertBankAccount(ctx, b); err != nil {
			return err
		}
		return tx.SaveBankAccount(ctx, b)
	})
}
