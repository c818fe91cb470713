package commands

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/jpeg"
	"image/png"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// Bounds of a picture: what a store's page can show of it, and what decoding it may
// cost.
const (
	maxPictureBytes = 600 << 10
	maxPictureSide  = 2000
)

const errPicture = "Choose a PNG or JPEG picture of at most 600 KB and 2000 pixels a side."

// drawing is a picture drawn anew: of what was uploaded nothing but its pixels is left,
// no place it was taken at and nothing hidden in it.
type drawing struct {
	bytes     []byte
	mediaType string
	version   string
}

// drawnPicture decodes an uploaded picture and draws it anew. It gives nil for none, and
// an empty drawing where the picture is to be taken away.
func drawnPicture(p *Picture) (*drawing, error) {
	switch {
	case p == nil:
		return nil, nil
	case len(p.Bytes) == 0:
		return &drawing{}, nil
	case len(p.Bytes) > maxPictureBytes:
		return nil, remit.Invalid("picture", errPicture)
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(p.Bytes)) // the size first: pixels are what costs
	if format != "png" && format != "jpeg" {                            // others are decoded too, where another part of the program asks for it
		return nil, remit.Invalid("picture", errPicture)
	}
	if err != nil || config.Width < 1 || config.Height < 1 || config.Width > maxPictureSide || config.Height > maxPictureSide {
		return nil, remit.Invalid("picture", errPicture)
	}
	pixels, _, err := image.Decode(bytes.NewReader(p.Bytes))
	if err != nil {
		return nil, remit.Invalid("picture", errPicture)
	}
	var out bytes.Buffer
	d := &drawing{mediaType: "image/" + format}
	if format == "png" {
		err = png.Encode(&out, pixels)
	} else {
		err = jpeg.Encode(&out, pixels, &jpeg.Options{Quality: 85})
	}
	if err != nil || out.Len() > 4*maxPictureBytes {
		return nil, remit.Invalid("picture", errPicture)
	}
	sum := sha256.Sum256(out.Bytes())
	d.bytes, d.version = out.Bytes(), hex.EncodeToString(sum[:8])
	return d, nil
}

// picture stores a product's drawing, if there is one.
func (c *Commands) picture(ctx context.Context, tx *postgres.Tx, product *remit.Product, d *drawing) error {
	if d == nil {
		return nil
	}
	product.Picture = d.version
	return tx.SetPicture(ctx, product.ID, d.bytes, d.mediaType, d.version)
}

// StorePicture is the picture of a product as its open store shows it.
func (c *Commands) StorePicture(ctx context.Context, slug string, product uuid.UUID) (picture []byte, mediaType string, err error) {
	store, err := c.openStore(ctx, slug)
	if err != nil {
		return nil, "", err
	}
	err = c.DB.InTenant(ctx, store.Tenant, func(tx *postgres.Tx) error {
		picture, mediaType, err = tx.Picture(ctx, store.OrganisationID, product)
		return err
	})
	return picture, mediaType, err
}

// ProductPicture is the picture of a product, for those who may change it.
func (c *Commands) ProductPicture(ctx context.Context, caller Caller, id uuid.UUID) (picture []byte, mediaType string, err error) {
	found, product, err := c.seeProduct(ctx, caller, id)
	if err != nil {
		return nil, "", err
	}
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		picture, mediaType, err = tx.Picture(ctx, product.OrganisationID, id)
		return err
	})
	return picture, mediaType, err
}

// SetPicture gives a product its picture; one without bytes takes it away.
func (c *Commands) SetPicture(ctx context.Context, caller Caller, id uuid.UUID, p Picture) error {
	found, _, err := c.seeProduct(ctx, caller, id)
	if err != nil {
		return err
	}
	drawn, err := drawnPicture(&p)
	if err != nil {
		return err
	}
	return c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		before, err := tx.LockProduct(ctx, id)
		if err != nil {
			return err
		}
		after := before
		if err := c.picture(ctx, tx, &after, drawn); err != nil {
			return err
		}
		return c.audit(ctx, tx, productEntry(caller, "product.update", &before, &after))
	})
}
