package portal

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"remit"
	"remit/money"
	"remit/portal/page"
)

// lateFeesView is the setting as it is typed: as many stages as there may be.
func lateFeesView(s remit.LateFeeSettings, currency string) page.LateFeesForm {
	form := page.LateFeesForm{Stages: make([]page.LateFeeRow, remit.MaxLateFeeStages), CapPercent: percentTyped(s.CapPercent), CapFixed: amountTyped(s.CapFixed, currency)}
	for n, stage := range s.Stages {
		form.Stages[n] = page.LateFeeRow{Days: strconv.Itoa(stage.Days), Percent: percentTyped(stage.Percent), Fixed: amountTyped(stage.Fixed, currency)}
	}
	return form
}

func percentTyped(p remit.Percent) string {
	if p == 0 {
		return ""
	}
	return p.Decimal()
}

func amountTyped(minor int64, currency string) string {
	if minor == 0 {
		return ""
	}
	return page.Typed(minor, currency)
}

// lateFeesTyped reads it off the form, into the form as well. A stage of which nothing is
// typed is none.
func (v *visit) lateFeesTyped(view *page.PaymentSettings) (s remit.LateFeeSettings, err error) {
	form := page.LateFeesForm{CapPercent: v.typed("late_fees.cap_percent"), CapFixed: v.typed("late_fees.cap_fixed")}
	for n := range remit.MaxLateFeeStages {
		field := fmt.Sprintf("late_fees.stages[%d].", n)
		form.Stages = append(form.Stages, page.LateFeeRow{Days: v.typed(field + "after_due_days"), Percent: v.typed(field + "percent"), Fixed: v.typed(field + "fixed")})
	}
	view.LateFees = form
	for n, row := range form.Stages {
		if row == (page.LateFeeRow{}) {
			continue
		}
		field, stage := fmt.Sprintf("late_fees.stages[%d].", n), remit.LateFeeStage{}
		if stage.Days, err = strconv.Atoi(row.Days); err != nil {
			return s, wrong(field+"after_due_days", "Enter a number of days.")
		}
		if stage.Percent, stage.Fixed, err = lateFeeTyped(field+"percent", row.Percent, field+"fixed", row.Fixed, view.Currency); err != nil {
			return s, err
		}
		s.Stages = append(s.Stages, stage)
	}
	s.CapPercent, s.CapFixed, err = lateFeeTyped("late_fees.cap_percent", form.CapPercent, "late_fees.cap_fixed", form.CapFixed, view.Currency)
	return s, err
}

func lateFeeTyped(percentField, percent, fixedField, fixed, currency string) (p remit.Percent, minor int64, err error) {
	if percent != "" {
		if p, err = remit.ParsePercent(percentField, percent); err != nil {
			return 0, 0, err
		}
	}
	if fixed == "" {
		return p, 0, nil
	}
	amount, err := money.ParseDecimal(fixed, money.Currency(currency))
	if err != nil {
		return 0, 0, wrong(fixedField, err.Error())
	}
	return p, amount.Minor, nil
}

// lateFeeFields are the names of the form's fields, for what is wrong with them.
func lateFeeFields() []string {
	fields := []string{"late_fees.stages", "late_fees.cap_percent", "late_fees.cap_fixed"}
	for n := range remit.MaxLateFeeStages {
		for _, name := range []string{"after_due_days", "percent", "fixed"} {
			fields = append(fields, fmt.Sprintf("late_fees.stages[%d].%s", n, name))
		}
	}
	return fields
}

// takeFeeBack takes a late fee back.
func (v *visit) takeFeeBack() error {
	stage, err := strconv.Atoi(v.typed("stage"))
	if err != nil {
		return wrong("stage", "Choose a late fee.")
	}
	return v.change("late-fee", func(id uuid.UUID) error {
		_, err := v.do.ReverseLateFee(v.ctx(), v.caller, id, func() (remit.LateFeeRequest, error) {
			return remit.LateFeeRequest{Stage: stage, Reason: v.typed("reason" + v.typed("stage"))}, nil
		})
		return err
	})
}
