package prove

import (
	"time"
)

// slack is how near to its time something may be done yet, or not.
const slack = time.Minute

// home is where the worlds are.
var home = func() *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err) // the program carries its zones
	}
	return zone
}()

// billedOnce: each period of a schedule that a plain calendar has, and that did not
// begin in a pause or after the end, was billed by one invoice, over what the calendar
// says; no other was.
func (j *judgement) billedOnce() {
	for _, s := range j.Schedules {
		if s.Trouble != "" {
			j.sayf("the schedule %s cannot bill: %s", s.Number, s.Trouble)
		}
		bills := map[string][]billFacts{}
		for _, b := range s.Bills {
			bills[b.Number] = append(bills[b.Number], b)
		}
		for _, d := range calendar(s.Versions, j.Now.AddDate(0, 0, 10), home) {
			number := s.Number + "-" + d.from.Format(dayForm)
			made := bills[number]
			delete(bills, number)
			if len(made) > 1 {
				j.sayf("%s was billed %d times", number, len(made))
			}
			past, ahead := d.at.Before(j.Now.Add(-slack)), d.at.After(j.Now.Add(slack))
			switch sent := len(made) > 0 && made[0].Status != "draft" && made[0].Issued != 0; {
			case s.skips(d) && sent:
				j.sayf("%s is %s over %d, and began in a pause or after the end", number, made[0].Status, made[0].Issued)
			case s.skips(d):
			case ahead && sent:
				j.sayf("%s is %s before its day", number, made[0].Status)
			case past && !sent:
				j.sayf("%s was not billed, over %d", number, d.amount)
			case sent && made[0].Issued != d.amount:
				j.sayf("%s bills %d, and the calendar says %d", number, made[0].Issued, d.amount)
			}
		}
		for number, made := range bills {
			j.sayf("%s is %s, and is no period of the calendar", number, made[0].Status)
		}
	}
}

// skips reports a period that begins in a pause or after the end.
func (s scheduleFacts) skips(d due) bool {
	if s.EndedAt != nil && d.at.After(*s.EndedAt) {
		return true
	}
	for _, p := range s.Pauses {
		if d.at.After(p.From) && (p.Until == nil || d.at.Before(*p.Until)) {
			return true
		}
	}
	return false
}

// soldOnce: of each product as much is sold as is in orders that are not cancelled, and
// never more than there is; an order costs what its things do, and nothing was sent that
// was not paid, or paid back.
func (j *judgement) soldOnce() {
	sold, prices := map[string]int64{}, map[string]int64{}
	for n, s := range j.Shelves {
		prices[s.id] = goods[n].price
	}
	for _, o := range j.Orders {
		total := int64(0)
		for product, quantity := range o.Items {
			total += prices[product] * quantity
			if o.Status != "void" {
				sold[product] += quantity
			}
		}
		if o.Total != total {
			j.sayf("%s costs %d, and its things %d", o.Number, o.Total, total)
		}
		brought := len(j.Books.broughtIn(o.ID))
		switch {
		case o.FulfilledAt == nil:
		case brought == 0:
			j.sayf("%s was sent and never paid", o.Number)
		case o.BackAt != nil && o.BackAt.Before(*o.FulfilledAt):
			j.sayf("%s was sent at %s, and paid back at %s", o.Number, o.FulfilledAt, o.BackAt)
		}
		if o.Status == "paid" && j.atStripe(o.ID) > o.Total {
			j.sayf("%s costs %d and was paid %d", o.Number, o.Total, j.atStripe(o.ID))
		}
	}
	for n, s := range j.Shelves {
		if s.stock >= 0 && sold[s.id] > s.stock {
			j.sayf("of %s there are %d, and %d are in orders", goods[n].name, s.stock, sold[s.id])
		}
		for _, p := range j.Products {
			if p.ID == s.id && p.Sold != sold[s.id] {
				j.sayf("of %s %d count as sold, and %d are in orders", goods[n].name, p.Sold, sold[s.id])
			}
		}
	}
	for _, id := range j.SentUnpaid {
		j.sayf("the order %s was sent while no bank had paid it", id)
	}
}

// secondPerson: what a person of the organisation tried to pay above the sum was
// approved by another one before, that sum with that method, once.
func (j *judgement) secondPerson() {
	used := map[string]int{}
	for n, s := range j.Staff {
		if j.Above == 0 || s.Amount+s.Fee <= j.Above-alone(j.Staff[:n], s) {
			continue
		}
		if used[s.Attempt]++; used[s.Attempt] > 1 {
			j.sayf("a try of %s has two approvals", s.Number)
		}
		switch {
		case s.Approval == "":
			j.sayf("a try of %s over %d had no approval", s.Number, s.Amount+s.Fee)
		case s.State != "used" || s.AskedBy != s.Actor:
			j.sayf("a try of %s had the approval %s, which is %s and of somebody else's", s.Number, s.Approval, s.State)
		case s.AnsweredBy == "" || s.AnsweredBy == s.Actor || s.InPlaceOf == s.Actor:
			j.sayf("a try of %s was approved by who made it", s.Number)
		case s.Approved != s.Amount || s.Fee > s.ApprovedFee || !s.AtMost && s.Fee != s.ApprovedFee:
			j.sayf("a try of %s is over %d and a fee of %d; approved are %d and %d", s.Number, s.Amount, s.Fee, s.Approved, s.ApprovedFee)
		case s.ApprovedMethod != "" && s.ApprovedMethod != s.Method:
			j.sayf("a try of %s is with another method than was approved", s.Number)
		case s.AnsweredAt == nil || s.AnsweredAt.After(s.At) || s.ExpiresAt == nil || s.ExpiresAt.Before(s.At):
			j.sayf("a try of %s was made at %s; approved it was from %s until %s", s.Number, s.At, s.AnsweredAt, s.ExpiresAt)
		}
	}
}

// alone is what had gone through without a second person of a try's invoice when it was
// begun.
func alone(before []staffFacts, s staffFacts) (sum int64) {
	for _, b := range before {
		if b.Number == s.Number && b.Approval == "" && (b.Became == "succeeded" || b.Became == "processing") && b.Since.Before(s.At) {
			sum += b.Amount + b.Fee
		}
	}
	return sum
}

// lateOnce: a late fee comes once a stage, not before its day, and never beyond the cap;
// ledger, timeline and invoice say the same of it.
func (j *judgement) lateOnce() {
	for _, l := range j.Late {
		stages, standing := map[int]int{}, int64(0)
		for _, fee := range l.Fees {
			if stages[fee.Stage]++; stages[fee.Stage] > 1 || fee.Stage > len(lateStages) {
				j.sayf("%s was charged late fee %d %d times", l.Number, fee.Stage, stages[fee.Stage])
				continue
			}
			y, m, d := l.Due.AddDate(0, 0, lateStages[fee.Stage-1].days).Date()
			if opens := time.Date(y, m, d, 0, 0, 0, 0, home); fee.At.Before(opens.Add(-slack)) {
				j.sayf("%s was charged late fee %d at %s, and it was not late enough before %s", l.Number, fee.Stage, fee.At, opens)
			}
			if fixed := lateStages[fee.Stage-1].fixed; fixed > 0 && fee.Amount > fixed {
				j.sayf("late fee %d of %s is %d", fee.Stage, l.Number, fee.Amount)
			}
			if !fee.Reversed {
				standing += fee.Amount
			}
		}
		switch {
		case !j.LateOn:
			j.sayf("%s was charged late fees, and nobody charges any", l.Number)
		case standing > lateCap:
			j.sayf("%s was charged late fees of %d, and %d is the most", l.Number, standing, lateCap)
		case l.Booked != standing || l.Told != standing || l.Billed != standing:
			j.sayf("late fees of %s stand at %d; booked are %d, told %d, billed %d", l.Number, standing, l.Booked, l.Told, l.Billed)
		}
	}
}
