package sandbox_test

import (
	"os"
	"path/filepath"

	"github.com/stripe/stripe-go/v79"
)

const (
	testRouting  = "110000000"
	bankSuccess  = "000123456789"
	bankBounces  = "000666666661"
	bankDisputed = "000555555559"
)

// bankParams are a payer's bank account, typed by hand.
func bankParams(number string) *stripe.PaymentMethodParams {
	return &stripe.PaymentMethodParams{
		Type: stripe.String("us_bank_account"),
		USBankAccount: &stripe.PaymentMethodUSBankAccountParams{
			AccountHolderType: stripe.String("individual"), AccountNumber: stripe.String(number), RoutingNumber: stripe.String(testRouting),
		},
		BillingDetails: &stripe.PaymentMethodBillingDetailsParams{Name: stripe.String("Pat Payer"), Email: stripe.String("pat@example.com")},
	}
}

func (s *stand) bank(number string) *stripe.PaymentMethod {
	s.t.Helper()
	m, err := s.PaymentMethods.New(bankParams(number))
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// permission is a payer's online acceptance of a mandate.
func permission() *stripe.SetupIntentMandateDataParams {
	return &stripe.SetupIntentMandateDataParams{CustomerAcceptance: &stripe.SetupIntentMandateDataCustomerAcceptanceParams{
		Type: "online",
		Online: &stripe.SetupIntentMandateDataCustomerAcceptanceOnlineParams{
			IPAddress: stripe.String("192.0.2.7"), UserAgent: stripe.String("browser"),
		},
	}}
}

func setupParams(who, method string) *stripe.SetupIntentParams {
	return &stripe.SetupIntentParams{
		Customer: stripe.String(who), PaymentMethod: stripe.String(method), Confirm: stripe.Bool(true),
		PaymentMethodTypes: stripe.StringSlice([]string{"us_bank_account"}), MandateData: permission(),
		PaymentMethodOptions: &stripe.SetupIntentPaymentMethodOptionsParams{
			USBankAccount: &stripe.SetupIntentPaymentMethodOptionsUSBankAccountParams{VerificationMethod: stripe.String("microdeposits")},
		},
	}
}

// setUp begins to save an account, whose owner is to find micro-deposits.
func (s *stand) setUp(who, number string) *stripe.SetupIntent {
	s.t.Helper()
	si, err := s.SetupIntents.New(setupParams(who, s.bank(number).ID))
	if err != nil {
		s.t.Fatal(err)
	}
	return si
}

// saveBank saves a verified account with a customer.
func (s *stand) saveBank(who, number string) string {
	s.t.Helper()
	si := s.setUp(who, number)
	method := si.PaymentMethod.ID
	if si, err := s.verify(si.ID, "SM11AA"); err != nil || si.Status != "succeeded" {
		s.t.Fatal(err)
	}
	return method
}

func (s *stand) verify(intent, code string) (*stripe.SetupIntent, error) {
	return s.SetupIntents.VerifyMicrodeposits(intent, &stripe.SetupIntentVerifyMicrodepositsParams{DescriptorCode: stripe.String(code)})
}

func (s *stand) verifyAmounts(intent string, amounts ...int64) (*stripe.SetupIntent, error) {
	return s.SetupIntents.VerifyMicrodeposits(intent, &stripe.SetupIntentVerifyMicrodepositsParams{Amounts: stripe.Int64Slice(amounts)})
}

func (s *stand) byAmounts() {
	s.t.Helper()
	s.act("/settings", map[string]any{"microdeposits": "amounts"}, nil)
}

func (s *stand) setupState(id string) *stripe.SetupIntent {
	s.t.Helper()
	si, err := s.SetupIntents.Get(id, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return si
}

func (s *stand) method(id string) *stripe.PaymentMethod {
	s.t.Helper()
	m, err := s.PaymentMethods.Get(id, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s *stand) mandate(id string) *stripe.Mandate {
	s.t.Helper()
	m, err := s.Mandates.Get(id, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// told counts the events of a type.
func (s *stand) told(kind string) int {
	s.t.Helper()
	n := 0
	list := s.Events.List(&stripe.EventListParams{Type: stripe.String(kind)})
	for list.Next() {
		n++
	}
	if err := list.Err(); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// journal is all that the stand-in has written down.
func (s *stand) journal() string {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(s.dir, "journal.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(content)
}
