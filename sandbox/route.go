package sandbox

import (
	"net/http"
	"strings"
)

// call is one API request being executed, under its account's lock.
type call struct {
	*tx
	p        *params
	vars     map[string]string // of the path
	path     string
	expand   []string
	platform string // account that called on behalf of this one, "" if itself
}

// handler executes a request. It reads all its parameters, asks done, and then
// puts and emits what it decides. It answers an object, a *list or any value
// that encodes to JSON; or an *apiError.
type handler func(c *call) (any, error)

type route struct {
	method   string
	pattern  string
	segments []string
	handle   handler
	about    string // variable or parameter that names the account it is executed in
}

var routes []*route

// endpoint adds an API method, e.g. ("POST", "/v1/refunds/{refund}"); called
// from init functions only.
func endpoint(method, pattern string, h handler) { aboutAccount("", method, pattern, h) }

// aboutAccount adds an API method by which a platform deals with a connected
// account. It is executed in the account that the path's variable or the
// parameter names, as if Stripe-Account did.
func aboutAccount(name, method, pattern string, h handler) {
	routes = append(routes, &route{method: method, pattern: pattern, segments: strings.Split(pattern[1:], "/"), handle: h, about: name})
}

type router struct {
	byShape map[string][]*route // by method and number of segments
}

type hostedHandler func(s *Server, w http.ResponseWriter, r *http.Request)

var hostedRoutes = map[string]hostedHandler{}

// hosted adds a page for people, e.g. ("GET /_hosted/3ds/{id}"); patterns are
// those of [http.ServeMux]. Called from init functions only.
func hosted(pattern string, h hostedHandler) { hostedRoutes[pattern] = h }

func newRouter() *router {
	r := &router{byShape: map[string][]*route{}}
	for _, rt := range routes {
		shape := rt.shape()
		r.byShape[shape] = append(r.byShape[shape], rt)
	}
	return r
}

func (rt *route) shape() string { return shapeOf(rt.method, len(rt.segments)) }

func shapeOf(method string, segments int) string {
	return method + strings.Repeat("/", segments)
}

// find returns the route with the path's variables. A literal segment wins
// over a variable.
func (r *router) find(method, path string) (*route, map[string]string) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	var best *route
	var bestVars map[string]string
	for _, rt := range r.byShape[shapeOf(method, len(segments))] {
		vars, ok := rt.match(segments)
		if ok && (best == nil || len(vars) < len(bestVars)) {
			best, bestVars = rt, vars
		}
	}
	return best, bestVars
}

func (rt *route) match(segments []string) (map[string]string, bool) {
	vars := map[string]string{}
	for i, want := range rt.segments {
		switch {
		case strings.HasPrefix(want, "{"):
			if segments[i] == "" {
				return nil, false
			}
			vars[strings.Trim(want, "{}")] = segments[i]
		case want != segments[i]:
			return nil, false
		}
	}
	return vars, true
}

func unrecognized(method, path string) *apiError {
	e := invalidParam("", "", "Unrecognized request URL (%s: %s). If you are trying to list objects, remove the trailing slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code. Please see https://stripe.com/docs or we can help at https://support.stripe.com/.", method, path)
	e.Status = http.StatusNotFound
	return e
}
