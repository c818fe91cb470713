package gateway_test

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"remit/gateway"
)

// headers notes which calls named an account, and answers none of them well.
type headers struct {
	calls   int
	without []string
}

func (h *headers) RoundTrip(request *http.Request) (*http.Response, error) {
	h.calls++
	// A login link is the platform's to make, about the account that its path names.
	if request.Header.Get("Stripe-Account") != "acct_1" && !strings.HasPrefix(request.URL.Path, "/v1/accounts/acct_1/") {
		h.without = append(h.without, request.Method+" "+request.URL.Path)
	}
	return &http.Response{
		StatusCode: http.StatusBadRequest, Request: request, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"error": {"type": "invalid_request_error", "message": "no"}}`)),
	}, nil
}

// Whatever is asked of a client for a connected account names that account: a refund,
// or anything else, asked of the platform's own account would be about another object
// or none. A method that is added is held to it too.
func TestFailure54EveryCallNamesItsAccount(t *testing.T) {
	t.Parallel()
	seen := &headers{}
	client := gateway.New(gateway.Options{PlatformKey: "sk_test_platform", Transport: seen}).Platform().At("acct_1")
	methods := reflect.ValueOf(client)
	asked := 0
	for n := range methods.NumMethod() {
		method, name := methods.Method(n), methods.Type().Method(n).Name
		kind := method.Type()
		if strings.Contains(name, "Standin") || kind.NumIn() == 0 || kind.In(0) != reflect.TypeFor[context.Context]() {
			continue // asks nothing of Stripe
		}
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for in := 1; in < kind.NumIn(); in++ {
			switch of := kind.In(in); of.Kind() {
			case reflect.String:
				args = append(args, reflect.ValueOf("x").Convert(of))
			case reflect.Func:
				args = append(args, reflect.MakeFunc(of, func([]reflect.Value) []reflect.Value {
					out := make([]reflect.Value, of.NumOut())
					for n := range out {
						out[n] = reflect.Zero(of.Out(n))
					}
					return out
				}))
			default:
				args = append(args, reflect.Zero(of))
			}
		}
		before := seen.calls
		if kind.IsVariadic() {
			args = args[:len(args)-1]
		}
		for _, out := range method.Call(args) {
			if out.Kind() == reflect.Func && !out.IsNil() { // a sequence, which asks once it is read
				out.Call([]reflect.Value{reflect.MakeFunc(out.Type().In(0), func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.ValueOf(false)} })})
			}
		}
		if seen.calls == before {
			t.Errorf("%s asked nothing: teach this test how it is called", name)
		}
		asked++
	}
	if len(seen.without) > 0 {
		t.Errorf("asked without the account's header: %q", seen.without)
	}
	if asked < 30 {
		t.Errorf("only %d methods were tried", asked)
	}
}
