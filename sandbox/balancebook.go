package sandbox

import (
	"slices"
	"sort"
)

// balanceBook is the sum of an account's movements, by currency.
type balanceBook struct{ byCurrency map[string]*currencyBook }

// currencyBook orders movements by when they become available; sums[i] is the
// net of entries 0..i.
type currencyBook struct {
	on   []int64
	sums []int64
}

func (b *balanceBook) init() { b.byCurrency = map[string]*currencyBook{} }

func (b *balanceBook) add(txn *balanceTransaction) {
	c, ok := b.byCurrency[txn.Currency]
	if !ok {
		c = &currencyBook{}
		b.byCurrency[txn.Currency] = c
	}
	i := c.until(txn.AvailableOn)
	before := int64(0)
	if i > 0 {
		before = c.sums[i-1]
	}
	c.on = slices.Insert(c.on, i, txn.AvailableOn)
	c.sums = slices.Insert(c.sums, i, before)
	for j := i; j < len(c.sums); j++ {
		c.sums[j] += txn.Net
	}
}

// until is how many movements are available at the second.
func (c *currencyBook) until(second int64) int {
	return sort.Search(len(c.on), func(i int) bool { return c.on[i] > second })
}

// at is the balance at the second.
func (c *currencyBook) at(second int64) (available, pending int64) {
	if len(c.sums) == 0 {
		return 0, 0
	}
	if i := c.until(second); i > 0 {
		available = c.sums[i-1]
	}
	return available, c.sums[len(c.sums)-1] - available
}

// next is the first second after this one at which money becomes available.
func (c *currencyBook) next(second int64) (int64, bool) {
	if i := c.until(second); i < len(c.on) {
		return c.on[i], true
	}
	return 0, false
}

// available is what the account can spend in a currency, with what this tx has
// moved itself.
func (t *tx) available(currency string) int64 {
	sum := int64(0)
	if book := t.book.byCurrency[currency]; book != nil {
		sum, _ = book.at(t.seconds())
	}
	for _, c := range t.changes {
		if c.kind != balanceTransactions {
			continue
		}
		b, ok := t.staged[c.kind.name+" "+c.id].(*balanceTransaction)
		if ok && b.Currency == currency && b.AvailableOn <= t.seconds() && t.table(balanceTransactions).get(b.ID) == nil {
			sum += b.Net
		}
	}
	return sum
}
