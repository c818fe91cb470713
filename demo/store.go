package demo

import (
	"context"
	"net/http"

	"remit"
	"remit/apiclient"
)

// Shop is the end of the address of the demo's store.
const Shop = "corner-shop"

// goods are what Branch B's store sells.
var goods = []struct {
	name, description string
	price             int64  // cents
	stock             *int64 // nil: as many as are wanted
}{
	{"Hand grinder", "Steel burrs, for one cup at a time.", 6_400, new(int64(8))},
	{"Care kit for espresso machines", "Descaler, brush and cloth.", 1_850, nil},
	{"House espresso, 1 kg", "Whole beans, roasted on Mondays.", 2_450, nil},
}

// store opens a store at Branch B once its products are there. With a store of any
// address there the products are its owner's, who may have taken some away.
func (s *seeder) store(ctx context.Context) error {
	var there struct{ Slug *string }
	if err := s.admin.Get(ctx, "/v1/settings/store", at(BranchB), &there); err != nil || there.Slug != nil {
		return err
	}
	known, err := apiclient.All[struct{ Name string }](ctx, s.admin, "/v1/products", at(BranchB))
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, k := range known {
		has[k.Name] = true
	}
	for _, g := range goods {
		if has[g.name] {
			continue
		}
		product := map[string]any{"organisation": BranchB, "name": g.name, "description": g.description, "price": g.price}
		if g.stock != nil {
			product["stock"] = *g.stock
		}
		if err := s.admin.Do(ctx, apiclient.Request{Method: http.MethodPost, Path: "/v1/products", Body: product}, nil); err != nil {
			return err
		}
	}
	err = s.put(ctx, "/v1/settings/store", at(BranchB), map[string]any{"slug": Shop, "name": "Corner shop", "open": true, "embedders": []string{}})
	if apiclient.IsCode(err, remit.CodeAlreadyExists) {
		return nil // somebody's store has the address
	}
	return err
}
