package apiclient_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"remit/apiclient"
	"remit/secrets"
)

// What Remit refuses arrives with its code, its reason and the fields at fault;
// what answers and is not Remit is told apart.
func TestProblems(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/refused":
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, `{"code": "invalid", "detail": "Wrong.", "errors": [{"field": "amount", "message": "Too high."}]}`)
		default:
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "<html>")
		}
	}))
	defer server.Close()
	client, err := apiclient.New(server.URL, secrets.NewSecret("token"))
	if err != nil {
		t.Fatal(err)
	}
	err = client.Get(t.Context(), "/refused", nil, nil)
	if !apiclient.IsCode(err, "invalid") || !strings.Contains(err.Error(), "amount: Too high.") {
		t.Errorf("got %v", err)
	}
	if err := client.Get(t.Context(), "/elsewhere", nil, nil); !apiclient.IsCode(err, "not_remit") {
		t.Errorf("got %v, want it told apart", err)
	}
}

// All pages of a list are read, each asked for by what the one before gave.
func TestAllPages(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"": `["a"], "next": "2"`, "2": `["b"], "next": "3"`, "3": `["c"], "next": null`}
		if r.Header.Get("Authorization") != "Bearer token" || r.URL.Query().Get("kept") != "yes" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = io.WriteString(w, `{"data": `+next[r.URL.Query().Get("after")]+`}`)
	}))
	defer server.Close()
	client, err := apiclient.New(server.URL, secrets.NewSecret("token"))
	if err != nil {
		t.Fatal(err)
	}
	query := map[string][]string{"kept": {"yes"}}
	all, err := apiclient.All[string](t.Context(), client, "/list", query)
	if err != nil || strings.Join(all, "") != "abc" {
		t.Errorf("read %q, %v", all, err)
	}
	if len(query) != 1 {
		t.Errorf("the caller's query became %v", query)
	}
}

// An address that is none is refused before anything is sent to it.
func TestAddress(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "127.0.0.1:8080", "ftp://example.com", "http://"} {
		if _, err := apiclient.New(bad, secrets.Secret{}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// Several files arrive as several parts of one form, in their order.
func TestUploadOfSeveralFiles(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
			return
		}
		files := r.MultipartForm.File["file"]
		if len(files) != 2 || files[0].Filename != "a.xml" || files[1].Filename != "b.xml" || files[1].Size != 4 || r.FormValue("organisation") != "/a" {
			t.Errorf("the form is %+v", r.MultipartForm)
		}
	}))
	defer server.Close()
	client, err := apiclient.New(server.URL, secrets.NewSecret("token"))
	if err != nil {
		t.Fatal(err)
	}
	files := []apiclient.File{{Name: "a.xml", Content: []byte("<a/>")}, {Name: "b.xml", Content: []byte("<b/>")}}
	err = client.Upload(t.Context(), apiclient.Request{Method: http.MethodPost, Path: "/v1/imports"}, map[string]string{"organisation": "/a"}, files, nil)
	if err != nil {
		t.Error(err)
	}
}
