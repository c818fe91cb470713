package remit

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"remit/money"
)

// SurchargeMode says how the fee of a credit card is passed on to who pays (D4).
type SurchargeMode string

// The modes. Of 100.00 at 2.9 % and 0.30:
const (
	SurchargeOff     SurchargeMode = "off"      // pays 100.00; the seller bears the fee
	SurchargeAddOn   SurchargeMode = "add_on"   // pays 103.20, the fee of 100.00 added; nets 99.91
	SurchargeGrossUp SurchargeMode = "gross_up" // pays 103.30, of which the fee leaves 100.00
)

// Percent is a percentage in thousandths: 2.9 % are 2900.
type Percent int64

// Percentages.
const (
	percentWhole     Percent = 100_000
	MaxSurchargeRate Percent = 30_000 // more is a slip of the finger
	NetworkLimit     Percent = 3_000  // what Visa's rules allow at most
)

// SurchargeSettings are how the fee is passed on. They are copied onto an invoice
// when it is made; what they come to belongs to each attempt, never to the invoice.
type SurchargeSettings struct {
	Mode    SurchargeMode      `json:"mode"`
	Percent Percent            `json:"percent"`
	Fixed   int64              `json:"fixed"` // minor units of the invoice's currency
	Caps    map[string]Percent `json:"caps"`  // of the amount, by [SurchargeNetworks]
}

// DefaultSurcharge is off, with the rates of Stripe's price list in the US for when
// it is switched on.
func DefaultSurcharge() SurchargeSettings {
	return SurchargeSettings{Mode: SurchargeOff, Percent: 2_900, Fixed: 30, Caps: map[string]Percent{}}
}

// SurchargeNetworks are the card networks that may have a cap, as Stripe names them.
func SurchargeNetworks() []string {
	return []string{"visa", "mastercard", "amex", "discover", "diners", "jcb", "unionpay"}
}

// On reports whether a fee is passed on at all.
func (s SurchargeSettings) On() bool {
	return s.Mode == SurchargeAddOn || s.Mode == SurchargeGrossUp
}

// Shown is the settings with caps that are there, if empty.
func (s SurchargeSettings) Shown() SurchargeSettings {
	if s.Caps == nil {
		s.Caps = map[string]Percent{}
	}
	return s
}

// Check gives the settings as they are kept. Errors name the field below "surcharge".
func (s SurchargeSettings) Check() (SurchargeSettings, error) {
	switch s.Mode {
	case SurchargeOff, SurchargeAddOn, SurchargeGrossUp:
	default:
		return s, Invalid("surcharge.mode", "Choose off, add_on or gross_up.")
	}
	switch {
	case s.Percent < 0 || s.Percent > MaxSurchargeRate:
		return s, Invalid("surcharge.percent", "Enter a percentage from 0 to %s.", MaxSurchargeRate)
	case s.Fixed < 0 || s.Fixed > money.MaxStripeAmount:
		return s, Invalid("surcharge.fixed", "Enter an amount of nothing or more.")
	case s.On() && s.Percent == 0 && s.Fixed == 0:
		return s, Invalid("surcharge.percent", "Enter a percentage or a fixed fee, or switch the surcharge off.")
	}
	for network, most := range s.Caps {
		if !slices.Contains(SurchargeNetworks(), network) {
			return s, Invalid("surcharge.caps", "There is no cap for %q. Networks are %s.", network, strings.Join(SurchargeNetworks(), ", "))
		}
		if most < 0 || most > MaxSurchargeRate {
			return s, Invalid("surcharge.caps", "Enter a cap from 0 to %s.", MaxSurchargeRate)
		}
	}
	return s.Shown(), nil
}

// Surchargeable reports whether a fee may be passed on to who pays with the method:
// only with a card that Stripe says is a credit card. Debit and prepaid cards, cards
// of which that is not known, and bank accounts are never surcharged.
func (m *MethodSummary) Surchargeable() bool {
	return m != nil && m.Type == "card" && m.Funding == "credit"
}

// Surcharge is the fee that is passed on with a payment of an amount by a method, in
// minor units: 0 unless it is [MethodSummary.Surchargeable]. It is computed once the
// method is known, alike for who asks what a payment would come to, for a forecast,
// and for the attempt. Amount and fee together are an amount that Stripe can charge;
// where they would not be, the error is about the amount.
func Surcharge(s SurchargeSettings, method *MethodSummary, amount money.Amount) (int64, error) {
	if !s.On() || !method.Surchargeable() || amount.Minor <= 0 {
		return 0, nil
	}
	fee, err := s.fee(amount)
	if err != nil {
		return 0, err
	}
	if limit, capped := s.Caps[method.Brand]; capped {
		most := part(amount.Minor, limit, false)
		step := money.ChargeStep(amount.Currency)
		fee = min(fee, most-most%step)
	}
	if fee == 0 {
		return 0, nil
	}
	if err := money.CheckCharge(money.Of(amount.Minor+fee, amount.Currency)); err != nil {
		return 0, invalidAmount(CodeAmountTooHigh, "With the card fee of %s: %s", money.Of(fee, amount.Currency), err)
	}
	return fee, nil
}

// Net is what is left for the seller of a charge of total, once the fee is gone that
// the settings describe: its percentage, rounded half up, and its fixed part.
func (s SurchargeSettings) Net(total int64) int64 {
	return total - part(total, s.Percent, true) - s.Fixed
}

// fee is the surcharge without any cap, in steps of what can be charged.
func (s SurchargeSettings) fee(amount money.Amount) (int64, error) {
	if amount.Minor > math.MaxInt64/4 || s.Fixed > math.MaxInt64/4 {
		return 0, fmt.Errorf("%w: a surcharge of %s", money.ErrOverflow, amount)
	}
	step := money.ChargeStep(amount.Currency)
	if s.Mode == SurchargeAddOn {
		fee := part(amount.Minor, s.Percent, true) + s.Fixed
		return (fee + step/2) / step * step, nil
	}
	// The net never falls when the total grows, and by at most one unit less than
	// the total does: from the quotient it is a step or two to the smallest total.
	high, low := bits.Mul64(uint64(amount.Minor+s.Fixed), uint64(percentWhole)) //nolint:gosec // not negative
	quotient, rest := bits.Div64(high, low, uint64(percentWhole-s.Percent))     //nolint:gosec // at most 30 %
	if rest > 0 {
		quotient++
	}
	total := int64(quotient) //nolint:gosec // below twice what was checked
	total += (step - total%step) % step
	for total-step >= amount.Minor && s.Net(total-step) >= amount.Minor {
		total -= step
	}
	for s.Net(total) < amount.Minor {
		total += step
	}
	return total - amount.Minor, nil
}

// part is a percentage of an amount, rounded half up, or down to a whole unit.
func part(amount int64, of Percent, halfUp bool) int64 {
	high, low := bits.Mul64(uint64(amount), uint64(of)) //nolint:gosec // not negative
	if halfUp {
		var carry uint64
		low, carry = bits.Add64(low, uint64(percentWhole)/2, 0)
		high += carry
	}
	quotient, _ := bits.Div64(high, low, uint64(percentWhole))
	return int64(quotient) //nolint:gosec // at most the amount
}

// String is the percentage as people write it: "2.9 %".
func (p Percent) String() string { return p.Decimal() + " %" }

// Decimal is the percentage without its sign, as a form has it: "2.9".
func (p Percent) Decimal() string {
	text := fmt.Sprintf("%d.%03d", p/1000, p%1000)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// MarshalText is the percentage as settings and the API write it: "2.9".
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.Decimal()), nil }

// UnmarshalText reads what [Percent.MarshalText] writes.
func (p *Percent) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePercent("percent", string(text))
	return err
}

// ParsePercent reads a percentage as people write it, "2.9" or "2.9 %", of at most
// three decimals. The error is about the field.
func ParsePercent(field, text string) (Percent, error) {
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%"))
	number, err := money.ParseNumber(text)
	if err != nil || number.IsNegative() {
		return 0, Invalid(field, "Enter a percentage, like 2.9.")
	}
	thousandths := number.Shift(3)
	if !thousandths.IsInteger() || len(thousandths.String()) > 9 {
		return 0, Invalid(field, "Enter a percentage of at most three decimals, like 2.9.")
	}
	return Percent(thousandths.IntPart()), nil
}

// SurchargeExample says what a payment of 100 in a currency comes to: its total, and
// what is left of it for the seller, of whose payments the platform takes its part. ok
// is false where none is passed on.
func SurchargeExample(s SurchargeSettings, currency money.Currency, platform Percent) (amount, total, net money.Amount, ok bool) {
	amount, err := money.ParseStrict("100", currency)
	if err != nil || !s.On() {
		return amount, amount, amount, false
	}
	fee, err := Surcharge(s, &MethodSummary{Type: "card", Funding: "credit"}, amount)
	if err != nil {
		return amount, amount, amount, false
	}
	total = money.Of(amount.Minor+fee, currency)
	takes := ApplicationFee{Rate: platform}.Of(ModeExpress, total)
	return amount, total, money.Of(s.Net(total.Minor)-takes, currency), true
}

// SurchargeWarning says which rule the settings may go against, or "". What is passed
// on of 100 in the currency stands for what payers will be asked.
func SurchargeWarning(s SurchargeSettings, currency money.Currency) string {
	amount, total, _, ok := SurchargeExample(s, currency, 0)
	if !ok {
		return ""
	}
	const rule = "Visa's rules allow a surcharge of at most 3 % in the United States, and of no more than the card costs you"
	limit, capped := s.Caps["visa"]
	switch {
	case s.Percent > NetworkLimit && (!capped || limit > NetworkLimit):
		return fmt.Sprintf("%s is above 3 %%. %s: set a cap for Visa, or a lower percentage.", s.Percent, rule)
	case total.Minor-amount.Minor > part(amount.Minor, NetworkLimit, false) && (!capped || limit > NetworkLimit):
		return fmt.Sprintf("With its fixed part the fee of %s is %s, above 3 %%. %s: set a cap for Visa.", amount, money.Of(total.Minor-amount.Minor, currency), rule)
	}
	return ""
}

// CodeSurcharge is the code of a payment that was not made because its fee is another.
const CodeSurcharge = "surcharge_changed"

// OtherSurcharge refuses a payment whose payer agreed to another fee than it comes to:
// nothing is charged, and he is told the sum that would be.
func OtherSurcharge(amount money.Amount, fee int64) *Error {
	if fee == 0 {
		return Conflict(CodeSurcharge, "No card fee is added to this payment: %s in all. Nothing was charged. Check and pay again.", amount)
	}
	return Conflict(CodeSurcharge, "A card fee of %s is added to this payment: %s in all. Nothing was charged. Check and pay again.",
		money.Of(fee, amount.Currency), money.Of(amount.Minor+fee, amount.Currency))
}
