package seals

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
)

// line is a seal as the file has it.
type line struct {
	Version      int          `json:"v"`
	Tenant       uuid.UUID    `json:"tenant"`
	Organisation string       `json:"organisation"`
	Seq          int64        `json:"seq"`
	Hash         string       `json:"hash"` // hexadecimal
	At           time.Time    `json:"at"`
	Resumed      *resumedLine `json:"resumed,omitempty"`
	Signature    []byte       `json:"signature"` // base64
}

type resumedLine struct {
	After  int64  `json:"after"`
	Reason string `json:"reason"`
}

// lineVersion is the version of what the lines say.
const lineVersion = 1

func encode(s remit.AuditSeal) ([]byte, error) {
	l := line{
		Version: lineVersion, Tenant: s.Tenant, Organisation: s.Organisation, Seq: s.Seq, Hash: hex.EncodeToString(s.Hash), At: s.At, Signature: s.Signature,
	}
	if s.Resumed != nil {
		l.Resumed = &resumedLine{After: s.Resumed.After, Reason: s.Resumed.Reason}
	}
	raw, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("write a seal: %w", err)
	}
	return append(raw, '\n'), nil
}

func decode(raw []byte) (remit.AuditSeal, error) {
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return remit.AuditSeal{}, fmt.Errorf("it is not a seal: %w", err)
	}
	hash, err := hex.DecodeString(l.Hash)
	if err != nil || l.Version != lineVersion || l.Tenant == uuid.Nil || l.Seq < 1 || len(hash) == 0 {
		return remit.AuditSeal{}, fmt.Errorf("it is not a seal of version %d", lineVersion)
	}
	s := remit.AuditSeal{Tenant: l.Tenant, Organisation: l.Organisation, Seq: l.Seq, Hash: hash, At: l.At.UTC(), Signature: l.Signature}
	if l.Resumed != nil {
		s.Resumed = &remit.Resumed{After: l.Resumed.After, Reason: l.Resumed.Reason}
	}
	return s, nil
}
