package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// get loads a page as a browser does, and tells how many bytes were sent for it
// and how long that took.
func get(ctx context.Context, browser *http.Client, address string) (text string, sent int, took time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return "", 0, 0, fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Accept-Encoding", "gzip")
	began := time.Now()
	response, err := browser.Do(request)
	if err != nil {
		return "", 0, 0, fmt.Errorf("load a page: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	took = time.Since(began)
	if err != nil {
		return "", 0, 0, fmt.Errorf("load a page: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return "", 0, 0, fmt.Errorf("%s answered %d: %s", address, response.StatusCode, raw)
	}
	sent = len(raw)
	if response.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return "", 0, 0, fmt.Errorf("unpack a page: %w", err)
		}
		if raw, err = io.ReadAll(unpacked); err != nil {
			return "", 0, 0, fmt.Errorf("unpack a page: %w", err)
		}
	}
	return string(raw), sent, took, nil
}
