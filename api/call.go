package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"remit"
	"remit/api/httpsec"
	"remit/commands"
)

// call is one request to one operation, as its handler sees it.
type call struct {
	server  *Server
	op      *operation
	writer  http.ResponseWriter // for deadlines; the answer is written by serve
	request *http.Request
	params  gin.Params
	caller  commands.Caller // zero on public operations
	query   map[string]any
	payload []byte
	media   string
}

// answer is what a handler gives back on success: a body that is made JSON, or
// raw bytes, or neither.
type answer struct {
	status int
	body   any
	raw    []byte
	header http.Header
}

// handler does one operation. Errors are [remit.Error]s, or ours to hide.
type handler func(c *call) (answer, error)

// reply is an answer or an error in the bytes it leaves as.
type reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// serve runs a handler: credentials, ids, query, body and key come first.
func (s *Server) serve(op *operation, handle handler) gin.HandlerFunc {
	return func(g *gin.Context) {
		started := time.Now()
		c := &call{server: s, op: op, writer: g.Writer, request: g.Request, params: g.Params}
		r := s.run(c, handle)
		r.write(g.Writer)
		s.observe(c, r.Status, time.Since(started))
	}
}

func (s *Server) run(c *call, handle handler) reply {
	err := c.prepare()
	if err != nil {
		return c.refusal(err)
	}
	perform := func() reply {
		a, err := handle(c)
		if err != nil {
			return c.refusal(err)
		}
		return a.reply()
	}
	if key := c.request.Header.Values(headerKey); c.op.keyed && len(key) > 0 {
		return s.once(c, key, perform)
	}
	return perform()
}

// prepare does what comes before any handler, in the order of the contract.
func (c *call) prepare() error {
	if !c.op.public {
		caller, err := c.server.auth.Caller(c.request)
		if err != nil {
			return err
		}
		c.caller = caller
	}
	for _, name := range c.op.ids {
		if !isID(c.params.ByName(name)) {
			return remit.NotFound()
		}
	}
	if err := c.readQuery(); err != nil {
		return err
	}
	if c.request.Method == http.MethodGet {
		return nil
	}
	return c.readPayload()
}

// ctx is the request's, for commands.
func (c *call) ctx() context.Context { return c.request.Context() }

// id is the path's {id}, which was checked to be one.
func (c *call) id() uuid.UUID { return c.idNamed("id") }

func (c *call) idNamed(name string) uuid.UUID { return uuid.MustParse(c.params.ByName(name)) }

// refusal is an error as it leaves.
func (c *call) refusal(err error) reply {
	logFailure(c.server.logger, c.request, err)
	p := problemOf(c.request, err)
	r := reply{Status: p.Status, Header: http.Header{"Content-Type": {mediaProblem}}, Body: encode(p)}
	if p.Status == http.StatusUnauthorized {
		r.Header.Set("WWW-Authenticate", `Bearer realm="Remit"`)
	}
	if delayed, is := errors.AsType[*commands.DelayedError](err); is {
		r.Header.Set("Retry-After", strconv.FormatInt(int64(delayed.After/time.Second), 10))
	}
	return r
}

func (a answer) reply() reply {
	r := reply{Status: a.status, Header: http.Header{}, Body: a.raw}
	if a.body != nil {
		r.Header.Set("Content-Type", mediaJSON)
		r.Body = encode(a.body)
	}
	maps.Copy(r.Header, a.header)
	return r
}

func (r reply) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.Header)
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body)
}

func ok(body any) (answer, error) { return answer{status: http.StatusOK, body: body}, nil }

func created(body any) (answer, error) { return answer{status: http.StatusCreated, body: body}, nil }

func noContent() (answer, error) { return answer{status: http.StatusNoContent}, nil }

// observe notes a request in the log and in the metrics; no path, query or
// body, which may hold what nobody should read there.
func (s *Server) observe(c *call, status int, took time.Duration) {
	s.logger.InfoContext(c.ctx(), "request", "request_id", httpsec.RequestID(c.ctx()), "method", c.op.method,
		"route", c.op.path, "operation", c.op.id, "status", status, "took_ms", took.Milliseconds(),
		"account", c.caller.Account, "address", httpsec.ClientAddress(c.ctx()).String())
	if s.options.Observe != nil {
		s.options.Observe(c.op.id, status, took)
	}
}
