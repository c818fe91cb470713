package secrets

import (
	"errors"
	"fmt"
	"strconv"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// The metadata of a payload as Temporal stores it.
const (
	payloadEncoding = "binary/encrypted"
	metadataKeyID   = "encryption-key-id" // decimal; which key of TemporalPayloads
)

// temporalPayload is what an encrypted payload is bound to. It cannot name the
// workflow: Temporal hands the same bytes from schedules to workflows and from
// parents to children.
var temporalPayload = []byte("remit temporal payload")

// TemporalConverters returns the data and failure converters for every Temporal
// client and worker. All arguments, results, memos, heartbeats, signals and
// updates are encrypted, and so are messages and stack traces of failures.
// Search attributes and ids are not: put nothing there that tells a name or an
// amount.
func TemporalConverters(k *Keyring) (converter.DataConverter, converter.FailureConverter) {
	data := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), NewPayloadCodec(k))
	failure := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: data, EncodeCommonAttributes: true,
	})
	return data, failure
}

// PayloadCodec encrypts each payload whole, its metadata included, under the
// TemporalPayloads keyset.
type PayloadCodec struct{ keys *Keyring }

// NewPayloadCodec makes a codec. It is safe for concurrent use.
func NewPayloadCodec(k *Keyring) *PayloadCodec { return &PayloadCodec{keys: k} }

// Encode encrypts each payload.
func (c *PayloadCodec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		plain, err := proto.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("temporal payload: %w", err)
		}
		sealed, err := c.keys.seal(TemporalPayloads, temporalPayload, plain)
		if err != nil {
			return nil, fmt.Errorf("temporal payload: %w", err)
		}
		id, _ := keyID(sealed)
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(payloadEncoding),
				metadataKeyID:              []byte(strconv.FormatUint(uint64(id), 10)),
			},
			Data: sealed,
		}
	}
	return out, nil
}

// Decode decrypts each payload. One that is not encrypted is refused as well
// as one that was altered: whoever can write to Temporal could otherwise feed
// a worker plain text of his own. Returns ErrSealed for an altered one.
func (c *PayloadCodec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		if string(payload.GetMetadata()[converter.MetadataEncoding]) != payloadEncoding {
			return nil, errPlainPayload
		}
		id, ok := keyID(payload.GetData())
		if named := string(payload.GetMetadata()[metadataKeyID]); !ok || named != strconv.FormatUint(uint64(id), 10) {
			return nil, fmt.Errorf("temporal payload: %w", ErrSealed)
		}
		plain, err := c.keys.open(TemporalPayloads, temporalPayload, payload.GetData())
		if err != nil {
			return nil, fmt.Errorf("temporal payload: %w", err)
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, errors.New("temporal payload: its plaintext is not a payload")
		}
	}
	return out, nil
}

var errPlainPayload = errors.New("temporal payload: refused because it is not encrypted")
