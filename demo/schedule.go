package demo

import (
	"context"
	"net/http"

	"remit/apiclient"
)

// monthly is what the demo's billing schedule bills, to a customer whose card pays.
var monthly = struct {
	number, debtor string
	first, due     int // days from the demo's first day, and from an invoice's own
	lines          []map[string]string
	tax            int64 // of the lines, in cents
}{
	"SUMMIT", "physio", 5, 7,
	[]map[string]string{
		{"description": "Booking software, monthly", "quantity": "1", "unit_price": "149.00"},
		{"description": "Online forms add-on", "quantity": "1", "unit_price": "29.00"},
	},
	1580,
}

// schedule bills a customer every month, from a few days ahead on, and charges him by
// itself. So a month of the demo's clock makes an invoice and charges one, wherever the
// clock is.
func (s *seeder) schedule(ctx context.Context) error {
	known, err := apiclient.All[struct{ Number string }](ctx, s.admin, "/v1/billing-schedules", top())
	if err != nil {
		return err
	}
	for _, k := range known {
		if k.Number == monthly.number {
			return nil
		}
	}
	customers, err := s.knownCustomers(ctx)
	if err != nil {
		return err
	}
	return s.admin.Do(ctx, apiclient.Request{
		Method: http.MethodPost, Path: "/v1/billing-schedules", Body: map[string]any{
			"customer_id": customers[monthly.debtor], "number": monthly.number, "lines": monthly.lines,
			"adjustments": []map[string]any{{"kind": "tax", "description": "Sales tax 8.875 %", "amount": monthly.tax}},
			"interval":    "month", "start_date": s.day.AddDays(monthly.first), "due_days": monthly.due, "auto_charge": true,
		},
	}, nil)
}
