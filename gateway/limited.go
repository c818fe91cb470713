package gateway

import (
	"bytes"
	"context"
	"errors"
	"reflect"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/form"
)

// limited is the SDK's backend with every call waiting for its turn. The wait is
// before the call's own time-out begins, so that a call which was not made is
// known not to have been made.
type limited struct {
	stripe.Backend

	queue *queue
}

// Call makes a call in its turn.
func (l *limited) Call(method, path, key string, params stripe.ParamsContainer, v stripe.LastResponseSetter) error {
	return l.inTurn(contextOf(params), method, path, func() error { return l.Backend.Call(method, path, key, params, v) })
}

// CallStreaming makes a call whose answer is read piece by piece in its turn.
func (l *limited) CallStreaming(method, path, key string, params stripe.ParamsContainer, v stripe.StreamingLastResponseSetter) error {
	return l.inTurn(contextOf(params), method, path, func() error { return l.Backend.CallStreaming(method, path, key, params, v) })
}

// CallRaw makes a call of a list in its turn: each page is one.
func (l *limited) CallRaw(method, path, key string, body *form.Values, params *stripe.Params, v stripe.LastResponseSetter) error {
	return l.inTurn(contextOf(params), method, path, func() error { return l.Backend.CallRaw(method, path, key, body, params, v) })
}

// CallMultipart uploads a file in its turn.
func (l *limited) CallMultipart(method, path, key, boundary string, body *bytes.Buffer, params *stripe.Params, v stripe.LastResponseSetter) error {
	return l.inTurn(contextOf(params), method, path, func() error { return l.Backend.CallMultipart(method, path, key, boundary, body, params, v) })
}

// inTurn waits and calls. An answer that the rate was too high shows that others
// call too, or that Stripe counts otherwise: what was leased is not used.
func (l *limited) inTurn(ctx context.Context, method, path string, call func() error) error {
	if err := l.queue.wait(ctx, groupOf(method, path)); err != nil {
		return err
	}
	err := call()
	if refused, ok := errors.AsType[*stripe.Error](err); ok && refused.Code == stripe.ErrorCodeRateLimit {
		l.queue.forfeit()
	}
	return err
}

func contextOf(params stripe.ParamsContainer) context.Context {
	if params == nil || reflect.ValueOf(params).IsNil() || params.GetParams().Context == nil {
		return context.Background()
	}
	return params.GetParams().Context
}
