package portal

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"remit"
	"remit/api/httpsec"
	"remit/commands"
	"remit/portal/page"
)

// visit is one request as a handler sees it.
type visit struct {
	portal *Portal
	do     *commands.Commands
	gin    *gin.Context
	caller commands.Caller
	member commands.Membership // of the organisation chosen; zero for strangers
	tree   []remit.Organisation
	looked bool // tree was read
}

// handler answers a request, or says why not.
type handler func(v *visit) error

// signedIn runs a handler for who is signed in; others are asked to sign in,
// and what they sent is kept.
func (p *Portal) signedIn(handle handler) gin.HandlerFunc {
	return func(g *gin.Context) {
		v, err := p.visit(g)
		if read := v.readForm(); read != nil {
			err = read
		}
		if err == nil {
			err = handle(v)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

// open runs a handler for everybody; who is signed in is known to it.
func (p *Portal) open(handle handler) gin.HandlerFunc {
	return func(g *gin.Context) {
		v, err := p.visit(g)
		if err != nil {
			v = p.stranger(g)
		}
		if err = v.readForm(); err == nil {
			err = handle(v)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

func (p *Portal) stranger(g *gin.Context) *visit { return &visit{portal: p, do: p.commands, gin: g} }

// visit finds who asks. With an error it is a stranger's.
func (p *Portal) visit(g *gin.Context) (*visit, error) {
	v := p.stranger(g)
	caller, err := p.sessions.Caller(g.Request)
	if err != nil {
		return v, err
	}
	if caller.Token != nil {
		return v, remit.Errorf(remit.KindUnauthenticated, remit.CodeUnauthenticated, "Pages are for people; sign in.")
	}
	v.caller = caller
	v.member = chosen(caller, cookieOf(g.Request, cookieOrganisation))
	return v, nil
}

// chosen is the membership of the organisation a person works in.
func chosen(caller commands.Caller, path string) commands.Membership {
	for _, m := range caller.Tenants {
		if m.Path == path {
			return m
		}
	}
	if len(caller.Tenants) > 0 {
		return caller.Tenants[0]
	}
	return commands.Membership{}
}

// readForm reads the form of a POST. Files are read by who takes them.
func (v *visit) readForm() error {
	if v.gin.Request.Method != http.MethodPost || strings.HasPrefix(v.gin.ContentType(), "multipart/") {
		return nil
	}
	if err := v.gin.Request.ParseForm(); err != nil {
		return remit.Errorf(remit.KindMalformed, remit.CodeMalformed, "The form could not be read.")
	}
	return nil
}

func (v *visit) ctx() context.Context { return v.gin.Request.Context() }

// place is the top-level organisation chosen.
func (v *visit) place() string { return v.member.Path }

// typed is a field of the form, without the spaces around it.
func (v *visit) typed(name string) string { return strings.TrimSpace(v.gin.Request.PostForm.Get(name)) }

func (v *visit) query(name string) string { return strings.TrimSpace(v.gin.Query(name)) }

// id is an id in the path; what is none is not found.
func (v *visit) id(name string) (uuid.UUID, error) {
	text := v.gin.Param(name)
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return uuid.Nil, remit.NotFound()
	}
	return id, nil
}

func (v *visit) path() string { return v.gin.Request.URL.Path }

// htmx reports that a script asks, to replace part of a page.
func (v *visit) htmx() bool { return v.gin.GetHeader("HX-Request") == "true" }

// show answers with a page.
func (v *visit) show(status int, c templ.Component) error {
	var body bytes.Buffer
	if err := c.Render(v.ctx(), &body); err != nil {
		return err
	}
	v.gin.Data(status, "text/html; charset=utf-8", body.Bytes())
	return nil
}

// goTo ends a POST with a redirect to a page of ours, saying what was done.
func (v *visit) goTo(path, done string) error {
	if done != "" {
		at, fragment, _ := strings.Cut(path, "#")
		mark := "?"
		if strings.Contains(at, "?") {
			mark = "&"
		}
		path = at + mark + "done=" + url.QueryEscape(done)
		if fragment != "" {
			path += "#" + fragment
		}
	}
	v.gin.Redirect(http.StatusSeeOther, path)
	return nil
}

// leave sends the browser to another site. A script cannot follow a redirect
// there, so it is told the address.
func (v *visit) leave(address string) error {
	if v.htmx() {
		v.gin.Header("HX-Redirect", address)
		v.gin.Status(http.StatusOK)
		return nil
	}
	v.gin.Redirect(http.StatusSeeOther, address)
	return nil
}

// news answers a poll: nothing where what the page knows is what is, the part
// anew where not, and with final news that it need not ask again.
func (v *visit) news(known, now string, final bool, part templ.Component) error {
	switch {
	case known == now:
		v.gin.Status(http.StatusNoContent)
		return nil
	case final:
		return v.show(286, part) // htmx stops polling
	}
	return v.show(http.StatusOK, part)
}

// fail answers with what went wrong, in words.
func (v *visit) fail(err error) { v.failWith(err, false) }

func (v *visit) failWith(err error, money bool) {
	e := remit.AsError(err)
	if v.htmx() && v.query("known") != "" { // a poll: the page stays as it is
		if e.Kind == remit.KindUnauthenticated {
			v.gin.Header("HX-Redirect", "/sign-in?"+url.Values{"next": {v.path()}}.Encode())
		}
		v.gin.Status(http.StatusNoContent)
		return
	}
	switch {
	case e.Kind == remit.KindUnauthenticated:
		err = v.askToSignIn()
	case e.Code == remit.CodeStepUp:
		err = v.askToConfirm(v.path())
	default:
		switch {
		case e.Kind != remit.KindInternal && e.Kind != remit.KindUnavailable:
		case httpsec.ClientLeft(v.ctx(), err, e.Kind == remit.KindUnavailable):
			v.portal.logger.InfoContext(v.ctx(), "the client left before the page", "request_id", httpsec.RequestID(v.ctx()), "route", v.gin.FullPath())
		default:
			v.portal.logger.ErrorContext(v.ctx(), "a page failed", "request_id", httpsec.RequestID(v.ctx()), "route", v.gin.FullPath(), "error", err)
		}
		status := statusOf(e.Kind)
		message := e.Error()
		if e.Kind == remit.KindForbidden && v.member.Customer != nil {
			message = "Your sign-in does not allow this. Ask the business that sends you invoices." // permissions are its own words
		}
		failure := page.Failure{
			Shell: v.shell("Problem", "narrow"), Status: status, Message: message, Reference: httpsec.RequestID(v.ctx()),
			Money: money && status >= http.StatusInternalServerError,
		}
		if status == http.StatusServiceUnavailable {
			failure.Status, failure.Message = http.StatusUnprocessableEntity, e.Message
		}
		err = v.show(status, page.FailurePage(failure))
	}
	if err != nil {
		if httpsec.ClientLeft(v.ctx(), err, false) {
			return
		}
		v.portal.logger.ErrorContext(v.ctx(), "a failure's page failed", "request_id", httpsec.RequestID(v.ctx()), "error", err)
		v.gin.String(http.StatusInternalServerError, "We failed.")
	}
}

func statusOf(kind remit.Kind) int {
	switch kind {
	case remit.KindMalformed:
		return http.StatusBadRequest
	case remit.KindUnauthenticated:
		return http.StatusUnauthorized
	case remit.KindDeclined:
		return http.StatusPaymentRequired
	case remit.KindForbidden:
		return http.StatusForbidden
	case remit.KindNotFound:
		return http.StatusNotFound
	case remit.KindConflict:
		return http.StatusConflict
	case remit.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case remit.KindUnsupported:
		return http.StatusUnsupportedMediaType
	case remit.KindInvalid:
		return http.StatusUnprocessableEntity
	case remit.KindLimited:
		return http.StatusTooManyRequests
	case remit.KindUnavailable:
		return http.StatusServiceUnavailable
	case remit.KindInternal:
	}
	return http.StatusInternalServerError
}
