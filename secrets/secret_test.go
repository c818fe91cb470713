package secrets_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"remit/secrets"
)

const marker = "sk_live_MARKER_4242"

type account struct {
	Shown  secrets.Secret
	hidden secrets.Secret
	Ptr    *secrets.Secret
	List   []secrets.Secret
	Any    any
}

type configured struct{ Key secrets.Secret }

func markedAccount() account {
	s := secrets.NewSecret(marker)
	return account{Shown: s, hidden: s, Ptr: &s, List: []secrets.Secret{s}, Any: s}
}

// T33: no printer of the standard library shows a secret, alone, in a struct,
// or in a field that fmt reads without asking the type.
func TestSecretNeverPrints(t *testing.T) {
	s := secrets.NewSecret(marker)
	acc := markedAccount()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v"} {
		for _, value := range []any{s, &s, acc, &acc, []any{s, acc}, map[string]any{"k": s}, errors.Join(fmt.Errorf("charge with %v", s))} {
			out := fmt.Sprintf(verb, value)
			if leaks(out) {
				t.Errorf("%s of %T shows the secret: %s", verb, value, out)
			}
		}
	}
	if got := fmt.Sprintf("%s|%v|%#v", s, s, s); got != "***|***|***" {
		t.Errorf("printed %q, want three masks", got)
	}
}

// T33: logs and encoders mask the secret too; gob may refuse.
func TestSecretNeverEncodes(t *testing.T) {
	s := secrets.NewSecret(marker)
	acc := markedAccount()
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		logger := slog.New(handler)
		logger.Info("charging", "key", s, "account", acc, "ptr", &s)
		logger.Error("failed", slog.Any("err", fmt.Errorf("with %+v", acc)))
	}
	jsonOut, err := json.Marshal(acc)
	if err != nil {
		t.Fatal(err)
	}
	xmlOut, err := xml.Marshal(configured{s})
	if err != nil {
		t.Fatal(err)
	}
	mapOut, err := json.Marshal(map[secrets.Secret]int{s: 1})
	if err != nil {
		t.Fatal(err)
	}
	var gobOut bytes.Buffer
	_ = gob.NewEncoder(&gobOut).Encode(configured{s})
	for name, out := range map[string]string{
		"slog": log.String(), "json": string(jsonOut), "xml": string(xmlOut), "map key": string(mapOut), "gob": gobOut.String(),
	} {
		if leaks(out) {
			t.Errorf("%s shows the secret: %s", name, out)
		}
	}
	if _, err := s.Value(); err == nil {
		t.Error("a secret was handed to a database driver unsealed")
	}
}

// A secret arrives from JSON and from configuration, and leaves by Reveal only.
func TestSecretArrivesAndReveals(t *testing.T) {
	var body struct {
		Key secrets.Secret `json:"key"`
	}
	if err := json.Unmarshal([]byte(`{"key":"`+marker+`"}`), &body); err != nil {
		t.Fatal(err)
	}
	var text secrets.Secret
	if err := text.UnmarshalText([]byte(marker)); err != nil {
		t.Fatal(err)
	}
	if body.Key.Reveal() != marker || text.Reveal() != marker || !body.Key.Equal(text) {
		t.Error("the value did not survive")
	}
	if (secrets.Secret{}).Equal(text) || !(secrets.Secret{}).IsZero() || text.IsZero() {
		t.Error("the zero secret must be empty and equal to no value")
	}
	err := json.Unmarshal([]byte(`{"key":{"x":"`+marker+`"}}`), &body)
	if err == nil || leaks(err.Error()) {
		t.Errorf("want an error without the input, got %v", err)
	}
}

func leaks(out string) bool {
	return strings.Contains(out, marker) || strings.Contains(out, fmt.Sprintf("%x", marker)) ||
		strings.Contains(out, fmt.Sprintf("%X", marker))
}
