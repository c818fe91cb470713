package secrets

import (
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/signature"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Purpose names what a keyset is for. A keyset serves one purpose only.
type Purpose string

// The purposes and the operations each allows.
const (
	StripeKeys       Purpose = "stripe_keys"       // Seal, Open: API keys and webhook secrets of connections
	RequestKeys      Purpose = "request_keys"      // Fingerprint: bodies of idempotent requests, addresses of failed sign-ins
	RequestAnswers   Purpose = "request_answers"   // Seal, Open: answers kept for replay
	PayLinks         Purpose = "pay_links"         // Tag, VerifyTag: tokens of public pay pages
	KnownBrowsers    Purpose = "known_browsers"    // Tag, VerifyTag: browsers spared the sign-in delay
	TemporalPayloads Purpose = "temporal_payloads" // the payload codec
	MFA              Purpose = "mfa"               // Seal, Open: TOTP secrets
	WebhookSecrets   Purpose = "webhook_secrets"   // Seal, Open: what our own webhooks are signed with
	Mails            Purpose = "mails"             // Seal, Open: bodies of mails in the outbox
	RecordKeys       Purpose = "record_keys"       // Seal, Open: private keys that sign payment records
	AuditSeal        Purpose = "audit_seal"        // Sign, VerifySignature: heads of the audit chain
)

// Purposes are all of them, in the order they are rotated.
func Purposes() []Purpose {
	return []Purpose{StripeKeys, RequestKeys, RequestAnswers, PayLinks, KnownBrowsers, TemporalPayloads, MFA, WebhookSecrets, Mails, RecordKeys, AuditSeal}
}

// template is the kind of key a purpose uses; nil for a purpose unknown.
func (p Purpose) template() *tinkpb.KeyTemplate {
	switch p {
	case StripeKeys, RequestAnswers, TemporalPayloads, MFA, WebhookSecrets, Mails, RecordKeys:
		return aead.AES256GCMKeyTemplate()
	case RequestKeys:
		return prf.HMACSHA256PRFKeyTemplate()
	case PayLinks, KnownBrowsers:
		return mac.HMACSHA256Tag256KeyTemplate()
	case AuditSeal:
		return signature.ED25519KeyTemplate()
	default:
		return nil
	}
}

// ring is one version of a purpose's keyset, ready for use and never changed.
// Of the primitives only the purpose's own are set.
type ring struct {
	version  int64
	handle   *keyset.Handle
	ids      map[uint32]bool // enabled keys
	primary  uint32
	aead     tink.AEAD
	prfs     *prf.Set
	mac      tink.MAC
	signer   tink.Signer
	verifier tink.Verifier
}

func newRing(p Purpose, handle *keyset.Handle, version int64) (*ring, error) {
	r := &ring{version: version, handle: handle, ids: map[uint32]bool{}}
	info := handle.KeysetInfo()
	r.primary = info.GetPrimaryKeyId()
	for _, key := range info.GetKeyInfo() {
		r.ids[key.GetKeyId()] = key.GetStatus() == tinkpb.KeyStatusType_ENABLED
	}
	var err error
	switch p {
	case RequestKeys:
		r.prfs, err = prf.NewPRFSet(handle)
	case PayLinks, KnownBrowsers:
		r.mac, err = mac.New(handle)
	case AuditSeal:
		err = r.prepareSignatures()
	default:
		r.aead, err = aead.New(handle)
	}
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", p, err)
	}
	return r, nil
}

func (r *ring) prepareSignatures() error {
	public, err := r.handle.Public()
	if err != nil {
		return err
	}
	if r.verifier, err = signature.NewVerifier(public); err != nil {
		return err
	}
	r.signer, err = signature.NewSigner(r.handle)
	return err
}
