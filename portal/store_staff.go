package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

func (p *Portal) mountStoreStaff(router gin.IRouter) {
	router.GET("/orders", p.signedIn((*visit).orders))
	router.POST("/orders/:id/fulfil", p.signedIn((*visit).fulfil))
	router.GET("/products", p.signedIn((*visit).products))
	router.GET("/products/new", p.signedIn((*visit).newProductPage))
	router.POST("/products/new", p.signedIn((*visit).newProduct))
	router.GET("/products/:id", p.signedIn((*visit).product))
	router.POST("/products/:id", p.signedIn((*visit).saveProduct))
	router.GET("/products/:id/picture", p.signedIn((*visit).productPicture))
	router.POST("/products/:id/picture", p.signedIn((*visit).savePicture))
	router.POST("/products/:id/picture/remove", p.signedIn((*visit).removePicture))
	router.POST("/products/:id/remove", p.signedIn((*visit).removeProduct))
	router.GET("/settings/store", p.signedIn((*visit).storeSettings))
	router.POST("/settings/store", p.signedIn((*visit).saveStore))
}

// orders lists what was ordered, and what of it is to be sent.
func (v *visit) orders() error { return v.showOrders(http.StatusOK, page.Problems{}) }

func (v *visit) showOrders(status int, p page.Problems) error {
	view := page.Orders{Shell: v.shell("Orders", ""), All: v.query("tab") == "all", Zone: v.zone(v.place())}
	view.Problems = p
	list, err := v.do.Orders(v.ctx(), v.caller, commands.OrderFilter{Organisation: v.place(), ToFulfil: !view.All}, commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	view.Rows = list.Items
	if list.Next != "" {
		view.Next = "/orders?" + url.Values{"tab": {v.query("tab")}, "after": {list.Next}}.Encode()
	}
	return v.show(status, page.OrdersPage(view))
}

func (v *visit) fulfil() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if _, err := v.do.FulfilOrder(v.ctx(), v.caller, id); err != nil {
		p, status, mendable := problems(err)
		if !mendable {
			return err
		}
		return v.showOrders(status, p)
	}
	return v.goTo("/orders", "fulfilled")
}

// products lists what is sold.
func (v *visit) products() error {
	view := page.Products{Shell: v.shell("Products", "")}
	list, err := v.do.Products(v.ctx(), v.caller, v.place(), commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	view.Rows = list.Items
	if list.Next != "" {
		view.Next = "/products?" + url.Values{"after": {list.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.ProductsPage(view))
}

func (v *visit) newProductPage() error {
	places := v.placesWhere(remit.StoreEdit)
	return v.showProduct(http.StatusOK, page.Product{Places: places, Place: v.at("", places), Active: true}, page.Problems{})
}

func (v *visit) newProduct() error {
	places := v.placesWhere(remit.StoreEdit)
	in, typed, err := v.productForm("")
	if err == nil {
		in.Organisation = v.typed("organisation")
		if _, err = v.do.CreateProduct(v.ctx(), v.caller, commands.Given(in)); err == nil {
			return v.goTo("/products", "saved")
		}
	}
	typed.Places, typed.Place = places, v.typed("organisation")
	return v.productAgain(typed, err)
}

func (v *visit) product() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	p, err := v.do.Product(v.ctx(), v.caller, id)
	if err != nil {
		return err
	}
	view := page.Product{Known: &p, Place: p.Organisation, Name: p.Name, Description: p.Description, Price: page.Typed(p.Price, p.Currency), Currency: p.Currency, Active: p.Active}
	if p.Stock != nil {
		view.Stock = strconv.FormatInt(*p.Stock, 10)
	}
	return v.showProduct(http.StatusOK, view, page.Problems{})
}

func (v *visit) saveProduct() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	known, err := v.do.Product(v.ctx(), v.caller, id)
	if err != nil {
		return err
	}
	in, typed, err := v.productForm(known.Currency)
	if err == nil {
		if _, err = v.do.UpdateProduct(v.ctx(), v.caller, id, commands.Given(in)); err == nil {
			return v.goTo("/products", "saved")
		}
	}
	typed.Known, typed.Place = &known, known.Organisation
	return v.productAgain(typed, err)
}

// productForm reads a product and keeps it as it was typed.
func (v *visit) productForm(currency string) (commands.ProductInput, page.Product, error) {
	active := v.typed("active") != ""
	typed := page.Product{
		Name: v.typed("name"), Description: v.typed("description"), Price: v.typed("price"), Currency: strings.ToUpper(v.typed("currency")), Stock: v.typed("stock"), Active: active,
	}
	in := commands.ProductInput{Name: typed.Name, Description: typed.Description, Currency: typed.Currency, Active: &active}
	if in.Currency == "" {
		in.Currency = currency
	}
	if typed.Stock != "" {
		stock, err := strconv.ParseInt(typed.Stock, 10, 64)
		if err != nil {
			return in, typed, wrong("stock", "Enter a number, or nothing for as many as are wanted.")
		}
		in.Stock = &stock
	}
	code, err := money.ParseCurrency(in.Currency)
	if err != nil {
		return in, typed, wrong("currency", err.Error())
	}
	price, err := money.ParseDecimal(typed.Price, code)
	if err != nil {
		return in, typed, wrong("price", err.Error())
	}
	in.Price = price.Minor
	return in, typed, nil
}

func (v *visit) productAgain(typed page.Product, err error) error {
	p, status, mendable := problems(err, "name", "description", "price", "currency", "stock", "organisation")
	if !mendable {
		return err
	}
	return v.showProduct(status, typed, p)
}

func (v *visit) showProduct(status int, view page.Product, p page.Problems) error {
	title := "New product"
	if view.Known != nil {
		title = view.Known.Name
	}
	view.Shell = v.shell(title, "narrow")
	view.Problems = p
	return v.show(status, page.ProductPage(view))
}

func (v *visit) savePicture() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	_, files, err := v.upload("Choose a picture.")
	if err == nil {
		if err = v.do.SetPicture(v.ctx(), v.caller, id, commands.Picture{Bytes: files[0].Content}); err == nil {
			return v.goTo("/products/"+id.String(), "saved")
		}
	}
	p, status, mendable := problems(err)
	if !mendable {
		return err
	}
	known, err := v.do.Product(v.ctx(), v.caller, id)
	if err != nil {
		return err
	}
	view := page.Product{Known: &known, Place: known.Organisation, Name: known.Name, Description: known.Description, Price: page.Typed(known.Price, known.Currency), Currency: known.Currency, Active: known.Active}
	return v.showProduct(status, view, p)
}

func (v *visit) productPicture() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	picture, mediaType, err := v.do.ProductPicture(v.ctx(), v.caller, id)
	if err != nil {
		return err
	}
	v.picture(picture, mediaType)
	return nil
}

func (v *visit) removePicture() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.do.SetPicture(v.ctx(), v.caller, id, commands.Picture{}); err != nil {
		return err
	}
	return v.goTo("/products/"+id.String(), "saved")
}

func (v *visit) removeProduct() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.do.RemoveProduct(v.ctx(), v.caller, id); err != nil {
		return err
	}
	return v.goTo("/products", "removed")
}

// storeSettings is whether, where and by whom an organisation's store is shown.
func (v *visit) storeSettings() error {
	places := v.placesWhere(remit.StoreEdit)
	store, err := v.do.StoreSettings(v.ctx(), v.caller, v.at(v.query("at"), places))
	if err != nil {
		return err
	}
	return v.showStore(http.StatusOK, page.StoreSettings{
		Place: store.Organisation, Slug: store.Slug, Name: store.Name, Open: store.Open, Embedders: strings.Join(store.Embedders, "\n"), Known: store,
	}, page.Problems{})
}

func (v *visit) showStore(status int, view page.StoreSettings, p page.Problems) error {
	view.Shell, view.Places, view.Address = v.settingsShell("Store"), v.placesWhere(remit.StoreEdit), v.do.PublicURL+pathStore+"/"
	view.Problems = p
	return v.show(status, page.StoreSettingsPage(view))
}

func (v *visit) saveStore() error {
	in := commands.StoreInput{Slug: v.typed("slug"), Name: v.typed("name"), Open: v.typed("open") != "", Embedders: strings.Fields(v.typed("embedders"))}
	place := v.typed("organisation")
	_, err := v.do.SetStore(v.ctx(), v.caller, place, commands.Given(in))
	if err == nil {
		return v.goTo("/settings/store?"+url.Values{"at": {place}}.Encode(), "saved")
	}
	p, status, mendable := problems(err, "slug", "name", "embedders", "organisation")
	if !mendable {
		return err
	}
	return v.showStore(status, page.StoreSettings{Place: place, Slug: in.Slug, Name: in.Name, Open: in.Open, Embedders: v.typed("embedders")}, p)
}
