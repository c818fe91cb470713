package portal

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"remit"
	"remit/api/httpsec"
	"remit/commands"
	"remit/invoicefile"
	"remit/portal/page"
)

// uploadTime is how long a file may take to arrive.
const uploadTime = 5 * time.Minute

// imports takes files of invoices and lists earlier ones (U18).
func (v *visit) imports() error { return v.showImports(http.StatusOK, page.Problems{}, "") }

func (v *visit) showImports(status int, p page.Problems, place string) error {
	places := v.placesWhere(remit.InvoiceEdit)
	if len(places) == 0 {
		return remit.Forbidden(remit.InvoiceEdit.String(), v.place())
	}
	view := page.Imports{Shell: v.shell("Import", ""), Places: places, Place: place, Zone: v.zone(v.place())}
	view.Problems = p
	own := v.caller
	own.Tenants = []commands.Membership{v.member}
	list, err := v.do.Imports(v.ctx(), own, commands.Page{Limit: 20})
	if err != nil {
		return err
	}
	for _, i := range list.Items {
		view.Rows = append(view.Rows, importView(i))
	}
	return v.show(status, page.ImportsPage(view))
}

func importView(i commands.Import) page.Import {
	view := page.Import{
		ID: i.ID.String(), File: i.FileName, Place: i.Organisation, State: i.State, Total: i.RowsTotal, New: i.RowsNew, Same: i.RowsSame, Bad: i.RowsBad,
		Amount: i.AmountNew, Held: i.AmountHeld, Currency: i.Currency, Ignored: i.IgnoredColumns, Failure: i.Failure, Started: i.CreatedAt, Ended: i.EndedAt,
	}
	view.Notes = i.Notes
	for _, sum := range i.Others {
		view.Others = append(view.Others, page.MoneyISO(sum.Amount, sum.Currency))
	}
	for _, e := range i.Errors {
		view.Errors = append(view.Errors, page.ImportError(e))
	}
	return view
}

func (v *visit) startImport() error {
	place, files, err := v.upload("Choose a CSV file, or e-invoices.")
	if err == nil {
		var started commands.Import
		started, err = v.do.StartImport(v.ctx(), v.caller, commands.Given(commands.ImportInput{Organisation: place, Files: files}))
		if err == nil {
			return v.goTo("/imports/"+started.ID.String(), "")
		}
	}
	p, status, mendable := problems(err, "file", "organisation")
	if !mendable {
		return err
	}
	return v.showImports(status, p, place)
}

// upload reads the form's files; missing is said where there is none.
func (v *visit) upload(missing string) (place string, files []invoicefile.File, err error) {
	if err := httpsec.Extend(v.gin.Writer, uploadTime); err != nil {
		v.portal.logger.WarnContext(v.ctx(), "an upload's time was not extended", "error", err)
	}
	reader, err := v.gin.Request.MultipartReader()
	if err != nil {
		return "", nil, wrong("file", missing)
	}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return place, nil, wrong("file", "The file did not arrive whole. Send it again.")
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return place, nil, remit.Errorf(remit.KindTooLarge, "body_too_large", "What was sent is larger than 32 MiB.")
		}
		switch part.FormName() {
		case "organisation":
			place = string(text)
		case "file":
			if len(text) > 0 { // a browser sends a nameless, empty one where none was chosen
				files = append(files, invoicefile.File{Name: part.FileName(), Content: text})
			}
		}
	}
	if len(files) == 0 {
		return place, nil, wrong("file", missing)
	}
	return place, files, nil
}

// importReport is one import: its progress, then its report. A script polls it
// with how many rows it knows of.
func (v *visit) importReport() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	i, err := v.do.Import(v.ctx(), v.caller, id)
	if err != nil {
		return err
	}
	view := page.ImportReport{Import: importView(i), Zone: v.zone(i.Organisation)}
	now := i.State + " " + strconv.Itoa(i.RowsNew+i.RowsSame+i.RowsBad)
	if i.State == "running" {
		view.Poll = "/imports/" + id.String() + "?" + url.Values{"known": {now}}.Encode()
	}
	if known := v.query("known"); known != "" && v.htmx() {
		return v.news(known, now, view.Poll == "", page.ImportProgress(view))
	}
	view.Shell = v.shell("Import of "+i.FileName, "")
	if view.Poll != "" {
		view.Refresh = noScriptRefresh
	}
	return v.show(http.StatusOK, page.ImportPage(view))
}
