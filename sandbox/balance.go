package sandbox

// balance is what the account has (docs.stripe.com/api/balance).
type balance struct {
	Object           string          `json:"object"`
	Available        []balanceAmount `json:"available"`
	ConnectReserved  []balanceAmount `json:"connect_reserved"`
	InstantAvailable []balanceAmount `json:"instant_available"`
	Issuing          struct {
		Available []balanceAmount `json:"available"`
	} `json:"issuing"`
	Livemode bool            `json:"livemode"`
	Pending  []balanceAmount `json:"pending"`
}

type balanceAmount struct {
	Amount      int64            `json:"amount"`
	Currency    string           `json:"currency"`
	SourceTypes map[string]int64 `json:"source_types,omitempty"`
}

func cardAmount(amount int64, currency string) balanceAmount {
	return balanceAmount{amount, currency, map[string]int64{"card": amount}}
}

func retrieveBalance(c *call) (any, error) {
	if err := c.p.done(); err != nil {
		return nil, err
	}
	names := sortedKeys(c.book.byCurrency)
	if len(names) == 0 {
		names = []string{"usd"}
	}
	out := &balance{Object: "balance"}
	for _, currency := range names {
		var available, pending int64
		if book := c.book.byCurrency[currency]; book != nil {
			available, pending = book.at(c.seconds())
		}
		out.Available = append(out.Available, cardAmount(available, currency))
		out.Pending = append(out.Pending, cardAmount(pending, currency))
		out.InstantAvailable = append(out.InstantAvailable, cardAmount(max(0, available), currency))
		out.ConnectReserved = append(out.ConnectReserved, balanceAmount{Currency: currency})
		out.Issuing.Available = append(out.Issuing.Available, balanceAmount{Currency: currency})
	}
	return out, nil
}

func init() { endpoint("GET", "/v1/balance", retrieveBalance) }
