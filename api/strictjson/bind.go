package strictjson

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// binder fills a struct from a body that [scan] has passed.
type binder struct {
	forms, values []FieldError
}

func (b *binder) err() error {
	inOrder := func(x, y FieldError) int { return cmp.Compare(x.Field, y.Field) }
	if len(b.forms) > 0 {
		slices.SortStableFunc(b.forms, inOrder)
		return &Error{Kind: KindForm, Message: "The body has fields that cannot be set here.", Fields: b.forms}
	}
	if len(b.values) > 0 {
		return &Error{Kind: KindValue, Message: "Some fields are missing or wrong.", Fields: b.values}
	}
	return nil
}

func (b *binder) wrong(path, message string) {
	b.values = append(b.values, FieldError{Field: path, Message: message})
}

// structure binds an object to a struct.
func (b *binder) structure(path string, raw json.RawMessage, target reflect.Value) {
	if raw[firstByte(raw)] != '{' {
		b.wrong(path, "must be an object")
		return
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		b.wrong(path, "must be an object")
		return
	}
	for _, f := range fieldsOf(target.Type()) {
		value, given := members[f.name]
		delete(members, f.name)
		switch {
		case given:
			b.value(member(path, f.name), value, target.FieldByIndex(f.index))
		case f.required:
			b.wrong(member(path, f.name), "is required")
		}
	}
	for name := range members {
		b.forms = append(b.forms, FieldError{Field: member(path, name), Message: "is not a field of this request"})
	}
}

var (
	rawType       = reflect.TypeFor[json.RawMessage]()
	bytesType     = reflect.TypeFor[[]byte]()
	jsonInterface = reflect.TypeFor[json.Unmarshaler]()
	textInterface = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// value binds any JSON value.
func (b *binder) value(path string, raw json.RawMessage, target reflect.Value) {
	t := target.Type()
	if t == rawType {
		target.SetBytes(bytes.Clone(raw))
		return
	}
	if raw[firstByte(raw)] == 'n' {
		b.null(path, target)
		return
	}
	if t.Kind() == reflect.Pointer {
		target.Set(reflect.New(t.Elem()))
		b.value(path, raw, target.Elem())
		return
	}
	if p := reflect.PointerTo(t); p.Implements(jsonInterface) || p.Implements(textInterface) || t == bytesType {
		b.custom(path, raw, target)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		b.structure(path, raw, target)
	case reflect.Slice:
		b.list(path, raw, target)
	case reflect.Map:
		b.mapping(path, raw, target)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		b.integer(path, raw, target)
	case reflect.String:
		b.simple(path, raw, target, '"', "must be a string")
		if strings.ContainsRune(target.String(), 0) { // no column of text can hold it
			b.wrong(path, "must not hold the character U+0000")
		}
	case reflect.Bool:
		b.simple(path, raw, target, 0, "must be true or false")
	case reflect.Interface:
		b.anything(path, raw, target)
	default:
		panic(fmt.Sprintf("strictjson: %s has the unsupported type %s", path, t))
	}
}

func (b *binder) null(path string, target reflect.Value) {
	switch target.Kind() {
	case reflect.Pointer:
		target.SetZero()
		if inner := target.Type().Elem(); inner.Kind() == reflect.Pointer { // null is told from nothing
			target.Set(reflect.New(inner))
		}
	case reflect.Slice, reflect.Map, reflect.Interface:
		target.SetZero()
	default:
		b.wrong(path, "must not be null")
	}
}

// custom lets the type read itself. Its own words are passed on, except those
// of types that repeat the input.
func (b *binder) custom(path string, raw json.RawMessage, target reflect.Value) {
	err := json.Unmarshal(raw, target.Addr().Interface())
	if err == nil {
		return
	}
	switch target.Interface().(type) {
	case time.Time:
		b.wrong(path, "must be a time such as 2026-01-31T12:00:00Z")
	case uuid.UUID:
		b.wrong(path, "must be a UUID")
	case []byte:
		b.wrong(path, "must be base64")
	default:
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			b.wrong(path, "has the wrong type")
		} else {
			b.wrong(path, err.Error())
		}
	}
}

func (b *binder) list(path string, raw json.RawMessage, target reflect.Value) {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		b.wrong(path, "must be a list")
		return
	}
	list := reflect.MakeSlice(target.Type(), len(items), len(items))
	for i, each := range items {
		b.value(item(path, i), each, list.Index(i))
	}
	target.Set(list)
}

func (b *binder) mapping(path string, raw json.RawMessage, target reflect.Value) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		b.wrong(path, "must be an object")
		return
	}
	t := target.Type()
	if t.Key().Kind() != reflect.String {
		panic(fmt.Sprintf("strictjson: %s is a map whose keys are not strings", path))
	}
	out := reflect.MakeMapWithSize(t, len(members))
	for name, each := range members {
		value := reflect.New(t.Elem()).Elem()
		b.value(member(path, name), each, value)
		out.SetMapIndex(reflect.ValueOf(name).Convert(t.Key()), value)
	}
	target.Set(out)
}

// integer takes -?digits and nothing else, so that no amount ever passes
// through a float.
func (b *binder) integer(path string, raw json.RawMessage, target reflect.Value) {
	literal := string(bytes.TrimSpace(raw))
	if first := literal[0]; first != '-' && (first < '0' || first > '9') {
		b.wrong(path, "must be a whole number")
		return
	}
	n, err := strconv.ParseInt(literal, 10, target.Type().Bits())
	switch {
	case err == nil:
		target.SetInt(n)
	case errors.Is(err, strconv.ErrRange):
		b.wrong(path, "is out of range")
	default:
		b.wrong(path, "must be a whole number, written without point or exponent")
	}
}

// simple takes a string or a bool, whose first byte is first (0: not checked).
func (b *binder) simple(path string, raw json.RawMessage, target reflect.Value, first byte, message string) {
	if first != 0 && raw[firstByte(raw)] != first || json.Unmarshal(raw, target.Addr().Interface()) != nil {
		b.wrong(path, message)
	}
}

// anything keeps numbers as they were written (json.Number).
func (b *binder) anything(path string, raw json.RawMessage, target reflect.Value) {
	if target.NumMethod() != 0 {
		panic(fmt.Sprintf("strictjson: %s has the unsupported type %s", path, target.Type()))
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(target.Addr().Interface()) != nil {
		b.wrong(path, "is not JSON")
	}
}

// firstByte is the index of the value's first byte after white space.
func firstByte(raw json.RawMessage) int {
	for i, c := range raw {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return i
		}
	}
	return 0
}
