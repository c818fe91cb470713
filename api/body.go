package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"remit"
	"remit/api/httpsec"
	"remit/api/strictjson"
	"remit/commands"
)

// Types of body.
const (
	mediaJSON      = "application/json"
	mediaXML       = "application/xml"
	mediaPDF       = "application/pdf"
	mediaMultipart = "multipart/form-data"
	mediaAny       = "*/*" // webhooks, whose signature is over the bytes alone
)

// fileTimeout is how long a file may take to arrive, and its answer to leave.
const fileTimeout = 5 * time.Minute

// body is a request's JSON as a command takes it: read only when the command
// asks, held against the operation's schema, then turned into the command's
// input by into.
func body[Wire, In any](c *call, into func(Wire) (In, error)) commands.Body[In] {
	return func() (In, error) {
		var wire Wire
		if err := c.decode(&wire); err != nil {
			var none In
			return none, err
		}
		return into(wire)
	}
}

// decode reads the payload into the struct that wire points to. Form comes
// before values; a payload that is allowed to be missing leaves wire as it is.
func (c *call) decode(wire any) error {
	if len(bytes.TrimSpace(c.payload)) == 0 && !c.op.spec.RequestBody.Value.Required {
		return nil
	}
	var wrong *strictjson.Error
	if err := strictjson.Unmarshal(c.payload, wire); err != nil && !errors.As(err, &wrong) {
		return err
	}
	if wrong != nil && wrong.Kind != strictjson.KindValue {
		return strictError(wrong)
	}
	decoder := json.NewDecoder(bytes.NewReader(c.payload))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return remit.Errorf(remit.KindMalformed, remit.CodeMalformed, "The body is not JSON.")
	}
	if err := c.server.contract.check(c.op.body, value); err != nil {
		return err
	}
	if wrong != nil {
		return strictError(wrong)
	}
	return nil
}

// strictError is what package strictjson found, as an error of ours.
func strictError(e *strictjson.Error) error {
	fields := make([]remit.FieldError, len(e.Fields))
	for i, f := range e.Fields {
		fields[i] = remit.FieldError{Field: f.Field, Message: sentence(strings.Split(f.Field, "."), f.Message)}
	}
	if e.Kind == strictjson.KindValue {
		return fieldErrors(nil, fields)
	}
	return &remit.Error{Kind: remit.KindMalformed, Code: remit.CodeMalformed, Message: e.Message, Fields: fields}
}

// readPayload takes in the whole body, which the guards in front have capped,
// and refuses types the operation does not take. A route without a body takes
// none, or an empty JSON object.
func (c *call) readPayload() error {
	if slices.Contains(c.op.media, mediaMultipart) {
		if err := httpsec.Extend(c.writer, fileTimeout); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	data, err := io.ReadAll(c.request.Body)
	var overrun *http.MaxBytesError
	switch {
	case errors.As(err, &overrun):
		return remit.Errorf(remit.KindTooLarge, codeTooLarge, "The body is longer than this route takes.")
	case err != nil:
		return remit.Errorf(remit.KindMalformed, remit.CodeMalformed, "The body could not be read to its end.")
	}
	c.payload = data
	if err := c.checkMedia(); err != nil {
		return err
	}
	if c.op.media == nil && len(data) > 0 && string(bytes.TrimSpace(data)) != "{}" {
		return remit.Errorf(remit.KindMalformed, remit.CodeMalformed, "This route takes no body.")
	}
	return nil
}

// checkMedia refuses, among others, the types that a form on another site's
// page can send.
func (c *call) checkMedia() error {
	given := c.request.Header.Values("Content-Type")
	if slices.Contains(c.op.media, mediaAny) || len(given) == 0 && len(c.payload) == 0 {
		return nil
	}
	taken := c.op.media
	if taken == nil {
		taken = []string{mediaJSON}
	}
	if len(given) == 1 {
		media, params, err := mime.ParseMediaType(given[0])
		charset, named := params["charset"]
		if err == nil && slices.Contains(taken, media) && (!named || strings.EqualFold(charset, "utf-8")) {
			c.media = media
			return nil
		}
	}
	return remit.Errorf(remit.KindUnsupported, codeMediaType, "Send the body as Content-Type: %s.", strings.Join(taken, " or "))
}
