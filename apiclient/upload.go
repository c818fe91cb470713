package apiclient

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
)

// Upload posts a form with one file and text fields, like a browser does.
func (c *Client) Upload(ctx context.Context, r Request, fields map[string]string, fileName string, file io.Reader, into any) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			return fmt.Errorf("write a form: %w", err)
		}
	}
	part, err := form.CreateFormFile("file", fileName)
	if err != nil {
		return fmt.Errorf("write a form: %w", err)
	}
	if _, err := io.Copy(part, file); err != nil {
		return fmt.Errorf("read %s: %w", fileName, err)
	}
	if err := form.Close(); err != nil {
		return fmt.Errorf("write a form: %w", err)
	}
	return c.send(ctx, r, &body, form.FormDataContentType(), into)
}
