package api

import (
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func products(c *call) (answer, error) {
	list, err := c.server.commands.Products(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, productShape))
}

func createProduct(c *call) (answer, error) {
	product, err := c.server.commands.CreateProduct(c.ctx(), c.caller, body(c, productWire.input))
	if err != nil {
		return answer{}, err
	}
	return created(productShape(product))
}

func updateProduct(c *call) (answer, error) {
	product, err := c.server.commands.UpdateProduct(c.ctx(), c.caller, c.id(), body(c, productWire.input))
	if err != nil {
		return answer{}, err
	}
	return ok(productShape(product))
}

func removeProduct(c *call) (answer, error) {
	if err := c.server.commands.RemoveProduct(c.ctx(), c.caller, c.id()); err != nil {
		return answer{}, err
	}
	return noContent()
}

func storeSettings(c *call) (answer, error) {
	return storeAnswer(c.server.commands.StoreSettings(c.ctx(), c.caller, c.organisation()))
}

func setStoreSettings(c *call) (answer, error) {
	return storeAnswer(c.server.commands.SetStore(c.ctx(), c.caller, c.organisation(), body(c, func(w storeWire) (commands.StoreInput, error) {
		return commands.StoreInput(w), nil
	})))
}

func storeAnswer(s remit.Store, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(storeShape(s))
}

type productWire struct {
	Organisation string  `json:"organisation"`
	Name         string  `json:"name"`
	Description  string  `json:"description"`
	Price        int64   `json:"price"`
	Currency     string  `json:"currency"`
	Stock        *int64  `json:"stock"`
	Active       *bool   `json:"active"`
	Picture      *string `json:"picture"`
}

func (w productWire) input() (commands.ProductInput, error) {
	in := commands.ProductInput{
		Organisation: w.Organisation, Name: w.Name, Description: w.Description, Price: w.Price, Currency: w.Currency, Stock: w.Stock, Active: w.Active,
	}
	if w.Picture != nil {
		raw, err := base64.StdEncoding.DecodeString(*w.Picture)
		if err != nil {
			return in, remit.Invalid("picture", "Send the picture's bytes in base64.")
		}
		in.Picture = &commands.Picture{Bytes: raw}
	}
	return in, nil
}

type storeWire struct {
	Slug      string   `json:"slug"`
	Name      string   `json:"name"`
	Open      bool     `json:"open"`
	Embedders []string `json:"embedders"`
}

// productBody is a product as it leaves. Its picture is at the store's page.
type productBody struct {
	ID           uuid.UUID `json:"id"`
	Organisation string    `json:"organisation"`
	Name         string    `json:"name"`
	Description  string    `json:"description"`
	Price        int64     `json:"price"`
	Currency     string    `json:"currency"`
	Stock        *int64    `json:"stock"`
	Sold         int64     `json:"sold"`
	Left         *int64    `json:"left"`
	Active       bool      `json:"active"`
	HasPicture   bool      `json:"has_picture"`
	CreatedAt    time.Time `json:"created_at"`
}

func productShape(p remit.Product) productBody {
	return productBody{
		ID: p.ID, Organisation: p.Organisation, Name: p.Name, Description: p.Description, Price: p.Price, Currency: p.Currency,
		Stock: p.Stock, Sold: p.Sold, Left: p.Left(), Active: p.Active, HasPicture: p.Picture != "", CreatedAt: p.CreatedAt.UTC(),
	}
}

type storeBody struct {
	Organisation string   `json:"organisation"`
	Slug         *string  `json:"slug"`
	Name         string   `json:"name"`
	Open         bool     `json:"open"`
	Embedders    []string `json:"embedders"`
	Version      int64    `json:"version"`
}

func storeShape(s remit.Store) storeBody {
	return storeBody{Organisation: s.Organisation, Slug: orNull(s.Slug), Name: s.Name, Open: s.Open, Embedders: orEmpty(s.Embedders), Version: s.Version}
}

func orders(c *call) (answer, error) {
	filter := commands.OrderFilter{Organisation: c.organisation()}
	if only := c.flag("to_fulfil"); only != nil {
		filter.ToFulfil = *only
	}
	list, err := c.server.commands.Orders(c.ctx(), c.caller, filter, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, orderShape))
}

func fulfilOrder(c *call) (answer, error) {
	order, err := c.server.commands.FulfilOrder(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return ok(orderShape(order))
}

// orderBody is an order as it leaves. What it bills is its invoice's.
type orderBody struct {
	ID           uuid.UUID        `json:"id"`
	Number       string           `json:"number"`
	Organisation string           `json:"organisation"`
	Store        string           `json:"store"`
	State        remit.OrderState `json:"state"`
	Buyer        buyerBody        `json:"buyer"`
	Items        []orderItemBody  `json:"items"`
	Total        int64            `json:"total"`
	Currency     string           `json:"currency"`
	CreatedAt    time.Time        `json:"created_at"`
	FulfilledAt  *time.Time       `json:"fulfilled_at"`
}

type buyerBody struct {
	Name     string  `json:"name"`
	Email    string  `json:"email"`
	Delivery *string `json:"delivery"`
}

type orderItemBody struct {
	ProductID uuid.UUID `json:"product_id"`
	Quantity  int64     `json:"quantity"`
}

func orderShape(o remit.Order) orderBody {
	out := orderBody{
		ID: o.ID, Number: o.Invoice.Number, Organisation: o.Invoice.Organisation, Store: o.Slug, State: o.State, Items: []orderItemBody{},
		Buyer: buyerBody{Name: o.Buyer.Name, Email: o.Buyer.Email, Delivery: orNull(o.Buyer.Delivery)}, Total: o.Invoice.Total, Currency: o.Invoice.Currency,
		CreatedAt: o.CreatedAt.UTC(), FulfilledAt: utc(o.FulfilledAt),
	}
	for _, item := range o.Items {
		out.Items = append(out.Items, orderItemBody{ProductID: item.Product, Quantity: item.Quantity})
	}
	return out
}
