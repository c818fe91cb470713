package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"remit"
	"remit/api/httpsec"
	"remit/commands"
)

// Options for [New]. Commands and Logger are required.
type Options struct {
	Commands *commands.Commands
	Logger   *slog.Logger
	// Security is passed on to [httpsec]; BodyLimit, Deny and Logger are set here.
	Security httpsec.Config
	// Portal, if set, mounts the web pages on the same router. It may ask auth
	// who a request's session speaks for.
	Portal func(router gin.IRouter, auth *Auth)
	// NotFound, if set, answers paths outside /v1 that nothing is mounted at.
	NotFound gin.HandlerFunc
	// BodyLimit, if set, gives the most bytes a body may have on the portal's
	// routes; 0 is the usual limit.
	BodyLimit func(*http.Request) int64
	// Observe, if set, hears of every operation answered.
	Observe func(operation string, status int, took time.Duration)
}

// Server answers Remit's HTTP requests; it is an http.Handler with every guard
// of [httpsec] in front.
type Server struct {
	options  Options
	commands *commands.Commands
	logger   *slog.Logger
	contract *contract
	auth     *Auth
	ready    *readiness
	docs     []byte
	handler  http.Handler
}

// New makes a server. It fails when the embedded contract and the routes
// differ, or an origin in Security is not one.
func New(options Options) (*Server, error) {
	contract, err := loadContract()
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: options, commands: options.Commands, logger: options.Logger, contract: contract,
		auth:  &Auth{commands: options.Commands},
		ready: &readiness{look: options.Commands.Ready, now: time.Now},
	}
	if s.docs, err = theDocs(); err != nil {
		return nil, err
	}
	engine, err := s.router()
	if err != nil {
		return nil, err
	}
	guards := options.Security
	guards.BodyLimit, guards.Deny, guards.Logger = s.bodyLimit, deny, options.Logger
	if s.handler, err = guards.Wrap(engine); err != nil {
		return nil, err
	}
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Auth tells who a request's session or token speaks for.
func (s *Server) Auth() *Auth { return s.auth }

func (s *Server) router() (http.Handler, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.RedirectFixedPath = false
	// Package httpsec has found out where requests come from.
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	for _, route := range routes {
		op := s.contract.operations[route.operation]
		if op == nil {
			return nil, fmt.Errorf("openapi.yaml has no operation %s", route.operation)
		}
		engine.Handle(op.method, ginPath(op.path), s.serve(op, route.handle))
	}
	if len(routes) != len(s.contract.operations) {
		return nil, fmt.Errorf("openapi.yaml has %d operations, of which %d have routes", len(s.contract.operations), len(routes))
	}
	if s.options.Portal != nil {
		s.options.Portal(engine, s.auth)
	}
	engine.NoRoute(func(g *gin.Context) {
		if s.options.NotFound != nil && !strings.HasPrefix(g.Request.URL.Path, "/v1/") {
			s.options.NotFound(g)
			return
		}
		writeProblem(g.Writer, problemOf(g.Request, remit.NotFound()))
	})
	engine.NoMethod(func(g *gin.Context) {
		deny(g.Writer, g.Request, http.StatusMethodNotAllowed, codeBadMethod, "This path has no such method.")
	})
	return strictPaths(headAsGet(engine)), nil
}

// strictPaths refuses paths that two programs could read differently.
func strictPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A slash inside a parameter would be taken for one between two.
		if strings.Contains(strings.ToLower(r.URL.RawPath), "%2f") {
			writeProblem(w, problemOf(r, remit.NotFound()))
			return
		}
		dots := func(segment string) bool { return segment == "." || segment == ".." }
		for segment := range strings.SplitSeq(r.URL.Path, "/") {
			if dots(segment) || !utf8.ValidString(segment) || strings.ContainsFunc(segment, unicode.IsControl) {
				writeProblem(w, problemOf(r, malformed("", "The path is not well-formed.")))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// headAsGet answers HEAD outside the API as GET without the body, which net/http
// leaves out.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && !strings.HasPrefix(r.URL.Path, "/v1/") {
			asked := *r
			asked.Method = http.MethodGet
			next.ServeHTTP(bodiless{w}, &asked)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bodiless takes a body and sends none.
type bodiless struct{ http.ResponseWriter }

func (b bodiless) Write(body []byte) (int, error) { return len(body), nil }

// Unwrap is for [http.ResponseController].
func (b bodiless) Unwrap() http.ResponseWriter { return b.ResponseWriter }

func (s *Server) bodyLimit(r *http.Request) int64 {
	switch path := r.URL.Path; {
	case path == "/v1/imports":
		return httpsec.MaxFile
	case strings.HasPrefix(path, "/webhooks/"):
		return maxEvent
	case s.options.BodyLimit != nil && !strings.HasPrefix(path, "/v1/"):
		return s.options.BodyLimit(r)
	default:
		return 0
	}
}
