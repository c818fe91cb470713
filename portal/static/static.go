// Package static holds the portal's stylesheets and scripts and serves them
// under names that contain a hash of their content, so that browsers may keep
// them for ever.
//
// Vendored files are named, with version, licence and SHA-256, in VENDOR.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed *.css *.js *.svg VENDOR
var files embed.FS

// Prefix is where [Handler] expects to be mounted.
const Prefix = "/static/"

type asset struct {
	kind    string
	plain   []byte
	gzipped []byte
}

// urls are by name in the folder, served by hashed name.
var urls, served = load()

func load() (urls map[string]string, served map[string]asset) {
	urls, served = map[string]string{}, map[string]asset{}
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the folder is embedded
	}
	for _, entry := range entries {
		name := entry.Name()
		if name == "VENDOR" {
			continue
		}
		plain, err := files.ReadFile(name)
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(plain)
		extension := path.Ext(name)
		hashed := strings.TrimSuffix(name, extension) + "." + hex.EncodeToString(sum[:6]) + extension
		urls[name] = Prefix + hashed
		served[hashed] = asset{kind: mime.TypeByExtension(extension), plain: plain, gzipped: compress(plain)}
	}
	return urls, served
}

// URL is the address of a file of this folder. It panics where there is none:
// pages name files by constants.
func URL(name string) string {
	url, found := urls[name]
	if !found {
		panic("static: no file " + name)
	}
	return url
}

// Vendor is the list of vendored files.
func Vendor() string {
	list, err := files.ReadFile("VENDOR")
	if err != nil {
		panic(err)
	}
	return string(list)
}

// Handler serves the files, compressed for who takes gzip.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, found := served[strings.TrimPrefix(r.URL.Path, Prefix)]
		if !found {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Type", file.kind)
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
		header.Set("Vary", "Accept-Encoding")
		body := file.plain
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			header.Set("Content-Encoding", "gzip")
			body = file.gzipped
		}
		header.Set("Content-Length", strconv.Itoa(len(body)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(body)
		}
	})
}

func compress(plain []byte) []byte {
	var out bytes.Buffer
	writer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	if _, err := writer.Write(plain); err != nil {
		panic(err) // a buffer takes everything
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}
