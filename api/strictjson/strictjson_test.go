package strictjson_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit/api/strictjson"
)

type line struct {
	Description string `json:"description"`
	Amount      int64  `json:"amount"      strict:"required"`
}

type paged struct {
	Limit int32 `json:"limit"`
}

type request struct {
	paged

	Amount int64             `json:"amount" strict:"required"`
	Name   string            `json:"name"`
	Save   bool              `json:"save"`
	Note   *string           `json:"note"`
	Word   **bool            `json:"word"`
	Lines  []line            `json:"lines"`
	Labels map[string]string `json:"labels"`
	Sent   time.Time         `json:"sent"`
	ID     uuid.UUID         `json:"id"`
	Extra  json.RawMessage   `json:"extra"`
	Any    any               `json:"any"`
	Status string            `json:"-"`
	Hidden string
}

// A full body arrives whole, with exact integers.
func TestUnmarshalFullBody(t *testing.T) {
	var got request
	err := strictjson.Unmarshal([]byte(` {"amount":9223372036854775807,"name":"Zo\u00eb \ud83d\ude00","save":true,"note":null,
		"lines":[{"amount":-5},{"description":"x","amount":0}],"labels":{"a":"b"},"sent":"2026-01-31T12:00:00Z",
		"id":"0190d1f0-0000-7000-8000-00000000000a","extra":{"b": 1.5},"any":[1e3],"limit":7} `), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := request{
		paged: paged{7}, Amount: 9223372036854775807, Name: "Zoë 😀", Save: true,
		Lines: []line{{Amount: -5}, {Description: "x"}}, Labels: map[string]string{"a": "b"},
		Sent: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), ID: uuid.MustParse("0190d1f0-0000-7000-8000-00000000000a"),
		Extra: json.RawMessage(`{"b": 1.5}`), Any: []any{json.Number("1e3")},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// T20, T22, T25, T26: each way of being wrong is found, has its kind, and
// names its field.
func TestUnmarshalRefuses(t *testing.T) {
	const form, value = strictjson.KindForm, strictjson.KindValue
	for _, c := range []struct {
		body  string
		kind  strictjson.Kind
		field string
	}{
		{``, form, ""},
		{`   `, form, ""},
		{`null`, form, ""},
		{`[]`, form, ""},
		{`"x"`, form, ""},
		{`{"amount":1}{}`, form, ""},
		{`{"amount":1} x`, form, ""},
		{`{"amount":1}]`, form, ""},
		{`{"amount":1,}`, form, ""},
		{`{"amount":NaN}`, form, ""},
		{`{"amount":Infinity}`, form, ""},
		{`{"amount":01}`, form, ""},
		{`{"amount":+1}`, form, ""},
		{`{"amount":1`, form, ""},
		{`{'amount':1}`, form, ""},
		{"{\"amount\":1,\"name\":\"\xff\"}", form, ""},
		{"\xef\xbb\xbf{\"amount\":1}", form, ""},
		{`{"amount":1,"name":"\ud800"}`, form, ""},
		{`{"amount":1,"name":"\udc00\ud800"}`, form, ""},
		{`{"amount":1,"name":"\ud800\u0041"}`, form, ""},
		{`{"amount":1,"any":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, form, ""},
		{`{"amount":1,"any":[` + strings.Repeat("0,", 200_000) + `0]}`, form, ""},
		{`{"amount":1,"amount":2}`, form, "amount"},
		{`{"amount":1,"\u0061mount":2}`, form, "amount"},
		{`{"amount":1,"lines":[{"amount":1},{"amount":1,"amount":1}]}`, form, "lines[1].amount"},
		{`{"amount":1,"extra":{"x":{},"x":{}}}`, form, "extra.x"},
		{`{"AMOUNT":1}`, form, "AMOUNT"},
		{`{"Amount":1,"amount":1}`, form, "Amount"},
		{`{"amount":1,"status":"paid"}`, form, "status"},
		{`{"amount":1,"Status":"paid"}`, form, "Status"},
		{`{"amount":1,"-":"paid"}`, form, "-"},
		{`{"amount":1,"Hidden":"x"}`, form, "Hidden"},
		{`{"amount":1,"lines":[{"amount":1,"total":2}]}`, form, "lines[0].total"},
		{`{"amount":"1","other":1}`, form, "other"},
		{`{}`, value, "amount"},
		{`{"amount":null}`, value, "amount"},
		{`{"amount":1.5}`, value, "amount"},
		{`{"amount":1.0}`, value, "amount"},
		{`{"amount":1e3}`, value, "amount"},
		{`{"amount":1e9999}`, value, "amount"},
		{`{"amount":9223372036854775808}`, value, "amount"},
		{`{"amount":-9223372036854775809}`, value, "amount"},
		{`{"amount":"1"}`, value, "amount"},
		{`{"amount":true}`, value, "amount"},
		{`{"amount":[1]}`, value, "amount"},
		{`{"amount":{}}`, value, "amount"},
		{`{"amount":1,"limit":2147483648}`, value, "limit"},
		{`{"amount":1,"name":1}`, value, "name"},
		{`{"amount":1,"name":null}`, value, "name"},
		{`{"amount":1,"save":"true"}`, value, "save"},
		{`{"amount":1,"save":1}`, value, "save"},
		{`{"amount":1,"note":1}`, value, "note"},
		{`{"amount":1,"lines":{}}`, value, "lines"},
		{`{"amount":1,"lines":[1]}`, value, "lines[0]"},
		{`{"amount":1,"lines":[{}]}`, value, "lines[0].amount"},
		{`{"amount":1,"labels":[]}`, value, "labels"},
		{`{"amount":1,"labels":{"a":1}}`, value, "labels.a"},
		{`{"amount":1,"sent":"yesterday"}`, value, "sent"},
		{`{"amount":1,"sent":null}`, value, "sent"},
		{`{"amount":1,"id":"x"}`, value, "id"},
		{`{"amount":1,"id":5}`, value, "id"},
	} {
		var into request
		err := strictjson.Unmarshal([]byte(c.body), &into)
		var e *strictjson.Error
		if !errors.As(err, &e) {
			t.Errorf("%.60s: %v", c.body, err)
			continue
		}
		field := ""
		if len(e.Fields) > 0 {
			field = e.Fields[0].Field
		}
		if e.Kind != c.kind || field != c.field || e.Message == "" || len(e.Fields) > 1 {
			t.Errorf("%.60s: got kind %d, %q, %v; want kind %d, field %q", c.body, e.Kind, e.Message, e.Fields, c.kind, c.field)
		}
	}
}

// Of a pointer to a pointer null is told from what is not said.
func TestNullIsToldFromNothing(t *testing.T) {
	for body, want := range map[string]string{`{"amount":1}`: "nothing", `{"amount":1,"word":null}`: "null", `{"amount":1,"word":false}`: "false"} {
		var into request
		if err := strictjson.Unmarshal([]byte(body), &into); err != nil {
			t.Fatal(err)
		}
		got := "nothing"
		if into.Word != nil {
			if got = "null"; *into.Word != nil {
				got = strconv.FormatBool(**into.Word)
			}
		}
		if got != want {
			t.Errorf("%s: %s", body, got)
		}
	}
}

// All wrong fields are told at once, and no value is repeated.
func TestErrorsAreCompleteAndSilentAboutValues(t *testing.T) {
	var into request
	err := strictjson.Unmarshal([]byte(`{"amount":"MARKER","name":5,"sent":"MARKER","id":"MARKER","lines":[{"amount":"MARKER"}]}`), &into)
	var e *strictjson.Error
	if !errors.As(err, &e) || len(e.Fields) != 5 {
		t.Fatalf("got %v, want five fields", err)
	}
	if strings.Contains(err.Error(), "MARKER") {
		t.Errorf("the error repeats a value: %v", err)
	}
	err = strictjson.Unmarshal([]byte(`{"amount":1,"`+strings.Repeat("é", 4000)+`":1}`), &into)
	if err == nil || len(err.Error()) > 300 {
		t.Errorf("a long name is repeated in full: %v", err)
	}
}

// T23, T32: a body that is compressed, too long, or of a type that another
// site's form can send is refused before it is read.
func TestDecodeChecksTheRequest(t *testing.T) {
	const body = `{"amount":1}`
	for _, c := range []struct {
		name  string
		types []string
		extra http.Header
		body  string
		want  strictjson.Kind // 0: taken
	}{
		{"plain", []string{"application/json"}, nil, body, 0},
		{"charset", []string{"application/json; charset=UTF-8"}, nil, body, 0},
		{"utf-16", []string{"application/json; charset=utf-16"}, nil, body, strictjson.KindMedia},
		{"utf-7", []string{"application/json; charset=utf-7"}, nil, body, strictjson.KindMedia},
		{"other parameter", []string{"application/json; a=b"}, nil, body, strictjson.KindMedia},
		{"none", nil, nil, body, strictjson.KindMedia},
		{"two", []string{"application/json", "text/plain"}, nil, body, strictjson.KindMedia},
		{"form", []string{"application/x-www-form-urlencoded"}, nil, body, strictjson.KindMedia},
		{"text", []string{"text/plain"}, nil, body, strictjson.KindMedia},
		{"multipart", []string{"multipart/form-data; boundary=x"}, nil, body, strictjson.KindMedia},
		{"zip", []string{"application/zip"}, nil, body, strictjson.KindMedia},
		{"json-like", []string{"application/jsonp"}, nil, body, strictjson.KindMedia},
		{"gzip", []string{"application/json"}, http.Header{"Content-Encoding": {"gzip"}}, body, strictjson.KindMedia},
		{"too long", []string{"application/json"}, nil, `{"amount":1,"name":"` + strings.Repeat("x", 100) + `"}`, strictjson.KindTooLarge},
	} {
		for _, length := range []string{"known", "unknown"} {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
			if length == "unknown" {
				r.ContentLength = -1
			}
			maps.Copy(r.Header, c.extra)
			r.Header["Content-Type"] = c.types
			var into request
			err := strictjson.Decode(httptest.NewRecorder(), r, 100, &into)
			var e *strictjson.Error
			if got := errors.As(err, &e); got != (c.want != 0) || got && e.Kind != c.want {
				t.Errorf("%s, length %s: got %v, want kind %d", c.name, length, err, c.want)
			}
		}
	}
}

// A field that could carry an inexact amount cannot be part of a request.
func TestFloatsAreAProgrammingError(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a float field was read")
		}
	}()
	var into struct {
		Amount float64 `json:"amount"`
	}
	_ = strictjson.Unmarshal([]byte(`{"amount":1}`), &into)
}

// Whatever is taken means the same to encoding/json, and is taken again in the
// form encoding/json writes; nothing panics.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{
		`{"amount":1}`, `{"AMOUNT":1}`, `{"amount":1e9999}`, `{"amount":-0,"lines":[{"amount":1}]}`,
		`{"amount":1,"name":"\ud83d\ude00\\u"}`, `{"amount":1,"labels":{"":""},"any":[null,{"a":1.50}]}`,
		`{"amount":1,"extra": [ ],"note":"x"}`, `{"amount":1,"amount":1}`, "{\"amount\":1,\"name\":\"\\", `{"amount":9223372036854775808}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got request
		if err := strictjson.Unmarshal(body, &got); err != nil {
			var e *strictjson.Error
			if !errors.As(err, &e) || e.Kind == 0 || e.Message == "" {
				t.Fatalf("unusable error %#v", err)
			}
			return
		}
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.DisallowUnknownFields()
		decoder.UseNumber()
		var want request
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("taken here, refused by encoding/json: %v", err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, encoding/json %+v", got, want)
		}
	})
}
