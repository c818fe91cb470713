package remit

import (
	"time"

	"github.com/google/uuid"
)

// Organisation is a node of the tree of paths such as "/dev-v51/Branch A".
// A top-level one is a tenant: nothing crosses from one to another.
type Organisation struct {
	ID          uuid.UUID
	Tenant      uuid.UUID
	Path        string
	Name        string
	TimeZone    string // IANA name
	Currency    string // ISO 4217
	ClockOffset *time.Duration
	ClockDate   *Date
	CreatedAt   time.Time
}

// Clock is an organisation's business time. A test clock runs with real time,
// shifted by an offset that only grows.
type Clock struct {
	Offset time.Duration
	Test   bool
}

// Now is the organisation's time at a real instant.
func (c Clock) Now(real time.Time) time.Time { return real.Add(c.Offset) }

// Until is how long, in real time, until the organisation's clock shows at.
func (c Clock) Until(at, real time.Time) time.Duration { return at.Sub(c.Now(real)) }
