package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// MethodTerms is what holds where a customer's payment methods are saved.
type MethodTerms struct {
	Customer remit.Customer
	Seller   string         // whom a debit is authorised for, as payers read his name
	Zone     *time.Location // in which the days of a verification are told
	Required bool           // the customer's user opens no invoice before he has saved a method
}

// MethodTerms reads them for a customer whose methods the caller may change.
func (c *Commands) MethodTerms(ctx context.Context, caller Caller, customer uuid.UUID) (MethodTerms, error) {
	tenant, who, err := c.mayChangeMethods(ctx, caller, customer)
	if err != nil {
		return MethodTerms{}, err
	}
	terms := MethodTerms{Customer: who}
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		value := paymentsValue{InvoiceSettings: remit.DefaultInvoiceSettings()}
		if _, _, _, err := tx.Setting(ctx, who.Organisation, activities.PaymentsSetting, &value); err != nil {
			return err
		}
		terms.Required = value.RequireMethod
		terms.Seller = remit.Invoice{Organisation: who.Organisation, Settings: value.InvoiceSettings}.SellerName()
		live, err := tx.LiveConnection(ctx)
		if err != nil {
			return err
		}
		if value.Seller == "" && live != nil && live.BusinessName != "" {
			terms.Seller = live.BusinessName // as Stripe, and his bank's statement, name it
		}
		terms.Zone, err = tx.ZoneOf(ctx, who.OrganisationID)
		return err
	})
	return terms, err
}
