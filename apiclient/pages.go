package apiclient

import (
	"context"
	"maps"
	"net/url"
)

// All reads every page of a list.
func All[T any](ctx context.Context, c *Client, path string, query url.Values) ([]T, error) {
	var all []T
	asked := url.Values{}
	maps.Copy(asked, query)
	asked.Set("limit", "100")
	for {
		var page struct {
			Data []T
			Next *string
		}
		if err := c.Get(ctx, path, asked, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if page.Next == nil {
			return all, nil
		}
		asked.Set("after", *page.Next)
	}
}
