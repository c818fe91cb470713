package api

import (
	"net/http"
	"time"

	"remit/api/httpsec"
	"remit/commands"
)

func paymentRecord(c *call) (answer, error) {
	file, err := c.server.commands.PaymentRecord(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	header := http.Header{}
	httpsec.Attachment(header, "application/octet-stream", file.Name) // its bytes are what is signed
	return answer{status: http.StatusOK, raw: file.Content, header: header}, nil
}

func recordKeys(c *call) (answer, error) {
	keys, err := c.server.commands.RecordKeys(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return ok(recordKeysShape(keys))
}

type recordKeysBody struct {
	Keys []recordKeyBody `json:"keys"`
}

type recordKeyBody struct {
	ID         string     `json:"id"`
	PublicKey  string     `json:"public_key"`
	MadeAt     time.Time  `json:"made_at"`
	ReplacedAt *time.Time `json:"replaced_at"`
}

func recordKeysShape(keys []commands.RecordKey) recordKeysBody {
	body := recordKeysBody{Keys: make([]recordKeyBody, len(keys))}
	for n, k := range keys {
		body.Keys[n] = recordKeyBody{ID: k.ID, PublicKey: k.PEM, MadeAt: k.MadeAt.UTC(), ReplacedAt: utc(k.ReplacedAt)}
	}
	return body
}
