package commands

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Lists of what is at Stripe are paged by when it was made and Stripe's id.

func stripeCursor(at time.Time, id string) string {
	micros := int64(0)
	if !at.IsZero() {
		micros = at.UnixMicro()
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(micros, 10) + " " + id))
}

func (p Page) afterStripe() (at *time.Time, id string, err error) {
	if p.After == "" {
		return nil, "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.After)
	if err != nil {
		return nil, "", malformed("after", "This cursor is not one of ours.")
	}
	text, id, found := strings.Cut(string(raw), " ")
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !found || len(id) > 255 || strings.ContainsRune(id, 0) {
		return nil, "", malformed("after", "This cursor is not one of ours.")
	}
	when := time.UnixMicro(micros)
	return &when, id, nil
}

// cutStripe makes a page of items of which one more than asked for was read.
func cutStripe[T any](items []T, limit int, key func(T) (time.Time, string)) List[T] {
	list := List[T]{Items: items}
	if len(items) > limit {
		list.Items = items[:limit]
		list.Next = stripeCursor(key(items[limit-1]))
	}
	return list
}
