package strictjson

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
)

// MaxBody is the usual limit of a JSON body, in bytes.
const MaxBody = 1 << 20

// Decode reads the request's body, at most limit bytes, into the struct that
// into points to; see [Unmarshal]. The media type must be application/json
// (charset=utf-8 may be said) and the body must not be compressed. Every error
// is an [*Error].
func Decode(w http.ResponseWriter, r *http.Request, limit int64, into any) error {
	if err := checkMedia(r.Header); err != nil {
		return err
	}
	if r.ContentLength > limit {
		return tooLarge()
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return tooLarge()
		}
		return form("The body could not be read to its end.")
	}
	return Unmarshal(data, into)
}

func tooLarge() *Error {
	return &Error{Kind: KindTooLarge, Message: "The body is longer than this route takes."}
}

// checkMedia refuses what a plain HTML form of another site could send, and
// bodies that grow when read.
func checkMedia(header http.Header) error {
	types := header.Values("Content-Type")
	media, params := "", map[string]string(nil)
	if len(types) == 1 {
		var err error
		if media, params, err = mime.ParseMediaType(types[0]); err != nil {
			media = ""
		}
	}
	charset, named := params["charset"]
	if media != "application/json" || len(params) > 1 || named != (len(params) == 1) ||
		named && !strings.EqualFold(charset, "utf-8") {
		return &Error{Kind: KindMedia, Message: "Send the body as Content-Type: application/json."}
	}
	if encoding := strings.Join(header.Values("Content-Encoding"), ","); encoding != "" {
		return &Error{Kind: KindMedia, Message: "Send the body without Content-Encoding."}
	}
	return nil
}

// Unmarshal reads one JSON object into the struct that into points to.
//
// Names are matched exactly with the json tags (a field without one is not
// part of the body). A field tagged strict:"required" must be there. null is
// taken for pointers, slices, maps, any and json.RawMessage, and is an error
// elsewhere. Types with their own UnmarshalJSON or UnmarshalText are read by
// it. Integers must be written as such: 1.5, 1e3 and 2^63 in an int64 are value
// errors. All errors of the first kind found, form before value, are reported
// together. The struct's content after an error is undefined.
//
// It panics when the struct has a field of a kind it does not read: floats,
// complex numbers, channels, functions, interfaces other than any.
func Unmarshal(data []byte, into any) error {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.Elem().Kind() != reflect.Struct {
		panic("strictjson: into must point to a struct")
	}
	if err := scan(data); err != nil {
		return err
	}
	var b binder
	b.structure("", data, target.Elem())
	return b.err()
}
