package api

import (
	"errors"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/invoicefile"
)

func imports(c *call) (answer, error) {
	list, err := c.server.commands.Imports(c.ctx(), c.caller, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, importShape))
}

func startImport(c *call) (answer, error) {
	started, err := c.server.commands.StartImport(c.ctx(), c.caller, c.importFile)
	if err != nil {
		return answer{}, err
	}
	return answer{
		status: http.StatusAccepted, body: importShape(started),
		header: http.Header{"Location": {"/v1/imports/" + started.ID.String()}},
	}, nil
}

func importOf(c *call) (answer, error) {
	found, err := c.server.commands.Import(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return ok(importShape(found))
}

const (
	maxPath     = 4 << 10 // bytes of the part organisation
	maxFileName = 200     // characters
)

// importFile reads the parts of the form: one organisation, and one file or
// several. A file's name is a label; it never becomes a path.
func (c *call) importFile() (commands.ImportInput, error) {
	var in commands.ImportInput
	reader, err := c.parts()
	if err != nil {
		return in, err
	}
	given := map[string]bool{}
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return in, errMultipart
		}
		name := part.FormName()
		if name != "file" && name != "organisation" {
			return in, malformed(name, "This is not a part of this request.")
		}
		if given[name] && name != "file" {
			return in, malformed(name, "The part "+name+" is given twice.")
		}
		given[name] = true
		content, err := io.ReadAll(part)
		if err != nil {
			return in, errMultipart
		}
		if name == "organisation" {
			if len(content) > maxPath {
				return in, remit.Invalid(name, "A path is not that long.")
			}
			in.Organisation = string(content)
			continue
		}
		if part.Header.Get("Content-Encoding") != "" {
			return in, remit.Errorf(remit.KindUnsupported, codeMediaType, "Send the file as it is, not compressed.")
		}
		if in.Files = append(in.Files, invoicefile.File{Name: label(part.FileName()), Content: content}); len(in.Files) > invoicefile.MaxDocuments {
			return in, remit.Invalid(name, "Send at most %d files at once.", invoicefile.MaxDocuments)
		}
	}
	for _, name := range []string{"file", "organisation"} {
		if !given[name] {
			return in, malformed(name, "The part "+name+" is missing.")
		}
	}
	return in, nil
}

// label is a file's name cut to what fits on a page.
func label(name string) string {
	if !utf8.ValidString(name) || name == "" {
		return "file"
	}
	if runes := []rune(name); len(runes) > maxFileName {
		name = string(runes[:maxFileName])
	}
	return name
}

type importBody struct {
	ID             uuid.UUID         `json:"id"`
	Organisation   string            `json:"organisation"`
	FileName       string            `json:"file_name"`
	Format         string            `json:"format"`
	State          string            `json:"state"`
	RowsTotal      int               `json:"rows_total"`
	RowsNew        int               `json:"rows_new"`
	RowsSame       int               `json:"rows_same"`
	RowsBad        int               `json:"rows_bad"`
	AmountNew      int64             `json:"amount_new"`
	AmountHeld     int64             `json:"amount_held"`
	Currency       string            `json:"currency"`
	Others         []importSumBody   `json:"others"`
	IgnoredColumns []string          `json:"ignored_columns"`
	Failure        *string           `json:"failure"`
	Errors         []importErrorBody `json:"errors"`
	Notes          []string          `json:"notes"`
	CreatedAt      time.Time         `json:"created_at"`
	EndedAt        *time.Time        `json:"ended_at"`
}

type importSumBody struct {
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
}

type importErrorBody struct {
	Line   int    `json:"line"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

func importShape(i commands.Import) importBody {
	body := importBody{
		ID: i.ID, Organisation: i.Organisation, FileName: i.FileName, Format: i.Format, State: i.State,
		RowsTotal: i.RowsTotal, RowsNew: i.RowsNew, RowsSame: i.RowsSame, RowsBad: i.RowsBad,
		AmountNew: i.AmountNew, AmountHeld: i.AmountHeld, Currency: i.Currency, IgnoredColumns: orEmpty(i.IgnoredColumns), Notes: orEmpty(i.Notes),
		Failure: orNull(i.Failure), Others: make([]importSumBody, len(i.Others)), Errors: make([]importErrorBody, len(i.Errors)), CreatedAt: i.CreatedAt.UTC(), EndedAt: utc(i.EndedAt),
	}
	for n, sum := range i.Others {
		body.Others[n] = importSumBody(sum)
	}
	for n, e := range i.Errors {
		body.Errors[n] = importErrorBody(e)
	}
	return body
}
