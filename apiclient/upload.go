package apiclient

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
)

// File is a file as a form sends it.
type File struct {
	Name    string
	Content []byte
}

// Upload posts a form with files and text fields, like a browser does.
func (c *Client) Upload(ctx context.Context, r Request, fields map[string]string, files []File, into any) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			return fmt.Errorf("write a form: %w", err)
		}
	}
	for _, file := range files {
		part, err := form.CreateFormFile("file", file.Name)
		if err != nil {
			return fmt.Errorf("write a form: %w", err)
		}
		if _, err := part.Write(file.Content); err != nil {
			return fmt.Errorf("write a form: %w", err)
		}
	}
	if err := form.Close(); err != nil {
		return fmt.Errorf("write a form: %w", err)
	}
	return c.send(ctx, r, &body, form.FormDataContentType(), into)
}
