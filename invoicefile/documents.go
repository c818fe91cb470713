package invoicefile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"

	"remit"
	"remit/invoicefile/ubl"
)

// MaxDocuments is how many e-invoices may come at once.
const MaxDocuments = 1000

// File is a file as it was sent. Its name is a label and says nothing about
// what is in it.
type File struct {
	Name    string
	Content []byte
}

// Row is a row of a file, or one document of several: a draft, or what is wrong
// with it.
type Row struct {
	Draft Draft      `json:"draft"`
	Wrong []RowError `json:"wrong"`
}

// IsDocument tells an e-invoice from a CSV file by what it begins with.
func IsDocument(content []byte) bool {
	start := bytes.TrimLeft(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(start, []byte("<"))
}

// Documents reads e-invoices, each of which is a row by its place among them. A
// bad one is reported and the others go on. What the rows hold is what Remit
// keeps of them: no account numbers, which stay in the documents.
//
// The error is a [remit.Error] where there are too many documents, or where
// there is one alone and it is nothing that could be read.
func Documents(files []File) ([]Row, error) {
	if len(files) > MaxDocuments {
		return nil, remit.Errorf(remit.KindTooLarge, "file_too_large", "There are more than %d documents. Send them in several imports.", MaxDocuments)
	}
	rows := make([]Row, len(files))
	for n, file := range files {
		invoice, err := ubl.Read(bytes.NewReader(file.Content))
		if err == nil {
			rows[n].Draft = documentDraft(invoice, n+1)
			if len(files) > 1 {
				rows[n].Draft.File = shortened(file.Name)
			}
			continue
		}
		problem, ok := errors.AsType[*remit.Error](err)
		if !ok {
			return nil, err
		}
		wrong := RowError{Line: n + 1, Reason: problem.Message}
		if len(problem.Fields) > 0 {
			wrong.Field = problem.Fields[0].Field
		}
		if len(files) == 1 && (wrong.Field == "" || wrong.Field == "file") {
			return nil, problem
		}
		if len(files) > 1 {
			wrong.Reason = fmt.Sprintf("%s: %s", shortened(file.Name), wrong.Reason)
		}
		rows[n].Wrong = []RowError{wrong}
	}
	return rows, nil
}

// vatNumber is one by its form, the country first. Anything shorter could as well
// be a number that a seller gave.
var vatNumber = regexp.MustCompile(`^[A-Z]{2}[0-9A-Z]{8,13}$`)

// documentDraft is an e-invoice as a row of a file would give it.
// What a document writes about its terms is prose; one that gives no date is due
// by the terms that the organisation has set.
func documentDraft(invoice ubl.Invoice, n int) Draft {
	in := invoice.Input()
	if invoice.Credit { // what it credits is booked as a whole
		in.Lines, in.Adjustments = nil, nil
	}
	d := Draft{
		Credit: invoice.Credit, Line: n, Number: in.Number, CustomerName: invoice.Buyer.Name, CustomerEmail: invoice.Buyer.Contact.Email,
		IssueDate: in.IssueDate, DueDate: in.DueDate, Amount: invoice.Payable,
		Seller: in.Seller, Lines: in.Lines, Adjustments: in.Adjustments,
	}
	// Any of them only proposes a customer, who must also agree in something else:
	// see [remit.Customer.IsBuyer]. What the seller calls the buyer comes first; a register's number is still
	// better than a name, which two customers may share.
	for _, id := range []string{invoice.Buyer.ID, invoice.Buyer.TaxID, invoice.Buyer.CompanyID} {
		if id != "" {
			d.CustomerExternalID = id
			break
		}
	}
	if d.CustomerExternalID == invoice.Buyer.TaxID && vatNumber.MatchString(invoice.Buyer.TaxID) {
		d.CustomerVAT = invoice.Buyer.TaxID
	}
	return d
}
