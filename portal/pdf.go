package portal

import (
	"net/http"

	"remit/api/httpsec"
	"remit/commands"
)

func (v *visit) invoicePDF() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	pdf, err := v.do.InvoicePDF(v.ctx(), v.caller, id)
	return v.file(pdf, err)
}

// paymentRecord is a paid invoice's signed record, to save.
func (v *visit) paymentRecord() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	file, err := v.do.PaymentRecord(v.ctx(), v.caller, id)
	return v.save("application/octet-stream", file, err)
}

// itemPDF is for payers, who need not see the seller's list of invoices.
func (v *visit) itemPDF() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	pdf, err := v.do.WorkItemPDF(v.ctx(), v.caller, id)
	return v.file(pdf, err)
}

// publicPDF is for whoever has the invoice's link.
func (v *visit) publicPDF() error {
	if err := v.linksTried(); err != nil {
		return err
	}
	pdf, err := v.do.PublicPDF(v.ctx(), v.gin.Param("token"))
	if err != nil {
		return v.deadLink(err)
	}
	v.gin.Header("X-Robots-Tag", "noindex") // a file has no head to say it in
	return v.file(pdf, nil)
}

func (v *visit) mailPDF() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	pdf, err := v.do.MailPDF(v.ctx(), v.caller, v.place(), id)
	return v.file(pdf, err)
}

// file answers with a PDF to save.
func (v *visit) file(pdf commands.PDF, err error) error { return v.save("application/pdf", pdf, err) }

// save answers with a file of some type to save.
func (v *visit) save(media string, file commands.PDF, err error) error {
	if err != nil {
		return err
	}
	httpsec.Attachment(v.gin.Writer.Header(), media, file.Name)
	v.gin.Status(http.StatusOK)
	_, err = v.gin.Writer.Write(file.Content)
	return err
}
