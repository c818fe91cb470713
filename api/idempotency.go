package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/secrets"
)

const (
	headerKey      = "Idempotency-Key"
	headerReplayed = "Idempotent-Replayed"
	longestKey     = 255 // characters
	// keyedTimeout bounds a request that runs on after its caller has gone; it
	// ends well within its lease.
	keyedTimeout = postgres.RequestKeyLease / 2
	storeTimeout = 5 * time.Second
)

// once performs a request under its Idempotency-Key: at most once for a caller,
// path and key within 24 hours, if its answer is one that is kept. A key is not
// released before the request has ended, so the request no longer ends with
// its connection: who lost the answer can fetch it with the same key.
func (s *Server) once(c *call, given []string, perform func() reply) reply {
	key, err := c.requestKey(given)
	if err != nil {
		return c.refusal(err)
	}
	prints, err := c.fingerprints(key)
	if err != nil {
		return c.refusal(err)
	}
	state, err := s.commands.DB.TakeRequestKey(c.ctx(), key, prints)
	switch {
	case err != nil:
		return c.refusal(err)
	case state.Differs:
		return c.refusal(remit.Errorf(remit.KindInvalid, codeKeyReused, "This Idempotency-Key was used for another request within the last 24 hours."))
	case state.Running:
		return c.refusal(remit.Conflict(codeKeyInUse, "The request with this Idempotency-Key is still running. Ask again for its answer."))
	case state.Answer != nil:
		return c.replay(key, state.Answer)
	}
	client := c.request.Context()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(client), keyedTimeout)
	defer cancel()
	c.request = c.request.WithContext(ctx)
	c.caller.Asked = state.Asked
	var r reply // of a panic too, which may come after the effect
	defer func() {
		switch {
		case r.kept():
			s.keep(ctx, key, *state.Taken, r)
		case r.Status >= 400 && r.Status < 500:
			s.end(ctx, s.commands.DB.ReleaseRequestKey, key, *state.Taken)
		default:
			s.end(ctx, s.commands.DB.YieldRequestKey, key, *state.Taken)
		}
	}()
	r = perform()
	return r
}

// kept reports whether an answer stands for its request: what was done, and
// what the bank said.
func (r reply) kept() bool {
	return r.Status >= 200 && r.Status <= 202 || r.Status == http.StatusPaymentRequired
}

// requestKey is the key with whose and where it is.
func (c *call) requestKey(given []string) (postgres.RequestKey, error) {
	visible := func(r rune) bool { return r < '!' || r > '~' }
	if len(given) != 1 || given[0] == "" || len(given[0]) > longestKey || strings.ContainsFunc(given[0], visible) {
		return postgres.RequestKey{}, malformed(headerKey, fmt.Sprintf("An Idempotency-Key is 1 to %d visible ASCII characters.", longestKey))
	}
	// A token may be narrower than its owner and must not see his answers.
	caller := "account:" + c.caller.Account.String()
	if c.caller.Token != nil {
		caller = "token:" + c.caller.Token.String()
	}
	return postgres.RequestKey{Caller: caller, Path: c.request.URL.Path, Key: given[0]}, nil
}

// fingerprints stand for what the request asks. They are keyed hashes, so that
// nothing of a body can be guessed from the table.
func (c *call) fingerprints(key postgres.RequestKey) ([][]byte, error) {
	content, err := c.canonical()
	if err != nil {
		return nil, err
	}
	message := fmt.Appendf(nil, "%s\n%s\n", c.media, c.request.URL.RawQuery)
	sums, err := c.server.commands.Secrets.Fingerprints(secrets.RequestKeys, place(key, "fingerprint"), append(message, content...))
	if err != nil {
		return nil, fmt.Errorf("fingerprint of the request: %w", err)
	}
	list := make([][]byte, len(sums))
	for i := range sums {
		list[i] = sums[i][:]
	}
	return list, nil
}

// canonical is the payload as two sendings of the same thing share it: of a
// multipart body its parts, because each sending makes up a boundary.
func (c *call) canonical() ([]byte, error) {
	if c.media != mediaMultipart {
		return c.payload, nil
	}
	reader, err := c.parts()
	if err != nil {
		return nil, err
	}
	var all bytes.Buffer
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF { //nolint:errorlint // NextRawPart documents the bare value
			return all.Bytes(), nil
		}
		if err != nil {
			return nil, errMultipart
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, errMultipart
		}
		fmt.Fprintf(&all, "%q %q %d\n", part.FormName(), part.FileName(), len(content))
		all.Write(content)
	}
}

// parts reads a multipart payload.
func (c *call) parts() (*multipart.Reader, error) {
	request := http.Request{Header: c.request.Header, Body: io.NopCloser(bytes.NewReader(c.payload))}
	reader, err := request.MultipartReader()
	if err != nil {
		return nil, errMultipart
	}
	return reader, nil
}

var errMultipart = malformed("", "The body is not well-formed multipart/form-data.")

// replay gives the first answer again.
func (c *call) replay(key postgres.RequestKey, sealed []byte) reply {
	plain, err := c.server.commands.Secrets.Open(secrets.RequestAnswers, place(key, "answer"), sealed)
	if err != nil {
		return c.refusal(fmt.Errorf("open a kept answer: %w", err))
	}
	var r reply
	if err := json.Unmarshal(plain, &r); err != nil {
		return c.refusal(fmt.Errorf("read a kept answer: %w", err))
	}
	r.Header.Set(headerReplayed, "true")
	return r
}

// keep stores an answer. Where that fails the key stays taken until its lease
// ends, and what is asked then is the same request.
func (s *Server) keep(ctx context.Context, key postgres.RequestKey, taken time.Time, r reply) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	sealed, err := s.commands.Secrets.Seal(secrets.RequestAnswers, place(key, "answer"), encode(r))
	if err == nil {
		err = s.commands.DB.KeepAnswer(ctx, key, taken, r.Status, sealed)
	}
	if err != nil {
		s.logger.ErrorContext(ctx, "an answer was not kept", "error", err)
	}
}

func (s *Server) end(ctx context.Context, how func(context.Context, postgres.RequestKey, time.Time) error, key postgres.RequestKey, taken time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := how(ctx, key, taken); err != nil {
		s.logger.ErrorContext(ctx, "a request key was not freed", "error", err)
	}
}

// place binds fingerprints and answers to the row they are stored in.
func place(key postgres.RequestKey, column string) secrets.AD {
	return secrets.AD{Tenant: uuid.Nil, Table: "idempotency_keys", Column: column, Row: key.Caller + "\n" + key.Path + "\n" + key.Key}
}
