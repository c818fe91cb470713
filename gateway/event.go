package gateway

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v79/webhook"
)

// signatureTolerance is how far a signature's time may be from ours, either way.
const signatureTolerance = 300 * time.Second

// ErrSignature says that a webhook's body was not signed with the secret, or
// not within the tolerance.
var ErrSignature = errors.New("the webhook's signature is not valid")

// Event is what a webhook is good for: a hint that an object may have changed.
type Event struct {
	ID       string
	Type     string
	Account  string // the connected account, for events of a Connect endpoint
	Livemode bool
	Created  time.Time
	ObjectID string
	// Intent is the PaymentIntent the object belongs to, if it names one.
	Intent string
}

// VerifyEvent checks a webhook's signature over its raw body and reads the hint.
// The payload's version is not checked: nothing but ids is taken from it. The
// SDK accepts signatures dated in the future, so that side is checked here.
func VerifyEvent(payload []byte, header, secret string, now time.Time) (Event, error) {
	if secret == "" || webhook.ValidatePayloadIgnoringTolerance(payload, header, secret) != nil {
		return Event{}, ErrSignature
	}
	signed, ok := signedAt(header)
	if !ok || now.Sub(signed) > signatureTolerance || signed.Sub(now) > signatureTolerance {
		return Event{}, ErrSignature
	}
	var body struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Account  string `json:"account"`
		Livemode bool   `json:"livemode"`
		Created  int64  `json:"created"`
		Data     struct {
			Object struct {
				ID            string          `json:"id"`
				Object        string          `json:"object"`
				PaymentIntent json.RawMessage `json:"payment_intent"`
			} `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(payload, &body); err != nil || body.ID == "" || body.Type == "" {
		return Event{}, errors.New("the webhook's body is not an event")
	}
	event := Event{
		ID: body.ID, Type: body.Type, Account: body.Account, Livemode: body.Livemode,
		Created: time.Unix(body.Created, 0).UTC(), ObjectID: body.Data.Object.ID,
	}
	var intent string
	if json.Unmarshal(body.Data.Object.PaymentIntent, &intent) == nil {
		event.Intent = intent
	}
	if body.Data.Object.Object == "payment_intent" {
		event.Intent = body.Data.Object.ID
	}
	return event, nil
}

// signedAt is the time a signature header names. A header that names two is
// refused: the SDK would check the signature against one of them while the
// other one was looked at here.
func signedAt(header string) (time.Time, bool) {
	var at time.Time
	for part := range strings.SplitSeq(header, ",") {
		value, found := strings.CutPrefix(strings.TrimSpace(part), "t=")
		if !found {
			continue
		}
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || !at.IsZero() {
			return time.Time{}, false
		}
		at = time.Unix(seconds, 0)
	}
	return at, !at.IsZero()
}
