package sandbox

import (
	"hash/fnv"
	"math/bits"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultSpec is what POST /_sandbox/faults takes: rules for requests and
// charges, and what happens to webhooks. The package comment describes it.
type FaultSpec struct {
	Rules    []FaultRule    `json:"rules"`
	Webhooks *WebhookFaults `json:"webhooks,omitempty"`
}

// FaultRule is one effect and when it strikes.
type FaultRule struct {
	Match  FaultMatch `json:"match"`
	Effect string     `json:"effect"`

	MS     int64 `json:"ms,omitempty"`     // delay: milliseconds
	Status int   `json:"status,omitempty"` // error_before, error_after: 500..599, default 500
	Stored bool  `json:"stored,omitempty"` // error_after: the key replays the error

	Code          string         `json:"code,omitempty"` // decline
	DeclineCode   string         `json:"decline_code,omitempty"`
	AdviceCode    string         `json:"advice_code,omitempty"`
	PaymentMethod string         `json:"payment_method,omitempty"` // decline: only this one
	Percent       float64        `json:"percent,omitempty"`        // decline_mix: of charges, 0..100
	Codes         map[string]int `json:"codes,omitempty"`          // decline_mix: weight of each decline code
	Seed          int64          `json:"seed,omitempty"`           // decline_mix
}

// FaultMatch says which requests a rule is about and which of those it hits.
type FaultMatch struct {
	Method      string  `json:"method,omitempty"` // "" is any
	Path        string  `json:"path,omitempty"`   // a prefix, or a glob if it has *; "" is any
	Nth         []int64 `json:"nth,omitempty"`    // of the matching ones, from 1
	Probability float64 `json:"probability,omitempty"`
	Seed        int64   `json:"seed,omitempty"`
	Times       int64   `json:"times,omitempty"` // at most so often; 0 is no limit
}

// WebhookFaults are what happens to deliveries made from now on.
type WebhookFaults struct {
	Drop    float64 `json:"drop"`   // probability of being lost for good
	Double  float64 `json:"double"` // probability of being sent twice
	Reorder bool    `json:"reorder"`
	DelayMS int64   `json:"delay_ms"`
	Seed    int64   `json:"seed"`
}

// faultPlan is the faults in force and how often each was asked and struck.
// It lives in memory: a restart clears it.
type faultPlan struct {
	spec    FaultSpec
	asked   []int64 // by rule: matching requests so far
	struck  []int64
	webhook uint64 // deliveries so far
	fates   fates
}

// fates are how many deliveries the faults of webhooks struck.
type fates struct {
	Dropped int64 `json:"dropped"`
	Doubled int64 `json:"doubled"`
	Late    int64 `json:"late"`
}

func (f *fates) count(one fate) {
	if one.dropped {
		f.Dropped++
		return
	}
	if one.doubled {
		f.Doubled++
	}
	if one.delay > 0 {
		f.Late++
	}
}

func newFaultPlan(spec FaultSpec) *faultPlan {
	return &faultPlan{spec: spec, asked: make([]int64, len(spec.Rules)), struck: make([]int64, len(spec.Rules))}
}

// verdict is what the faults do to one request.
type verdict struct {
	delay       time.Duration
	before      int // 5xx status without effect, 0 if none
	after       int // 5xx status after the effect
	stored      bool
	dropBefore  bool
	dropAfter   bool
	rateLimit   bool
	lockTimeout bool
}

// judge asks every rule about a request. Delays add up; of the others the
// first that strikes is the one.
func (f *faultPlan) judge(method, requestPath string) verdict {
	var v verdict
	decided := false
	for i := range f.spec.Rules {
		r := &f.spec.Rules[i]
		if r.aboutCharges() || !r.Match.covers(method, requestPath) || !f.strikes(i) {
			continue
		}
		if r.Effect == "delay" {
			v.delay += time.Duration(r.MS) * time.Millisecond
			continue
		}
		if decided {
			continue
		}
		decided = true
		switch r.Effect {
		case "error_before":
			v.before = r.status()
		case "error_after":
			v.after, v.stored = r.status(), r.Stored
		case "drop_before":
			v.dropBefore = true
		case "drop_after":
			v.dropAfter = true
		case "rate_limit":
			v.rateLimit = true
		case "lock_timeout":
			v.lockTimeout = true
		}
	}
	return v
}

// strikes counts one more matching request of rule i and decides about it.
func (f *faultPlan) strikes(i int) bool {
	m := f.spec.Rules[i].Match
	f.asked[i]++
	n := f.asked[i]
	if m.Times > 0 && f.struck[i] >= m.Times {
		return false
	}
	hit := true
	switch {
	case len(m.Nth) > 0:
		hit = false
		for _, nth := range m.Nth {
			hit = hit || nth == n
		}
	case m.Probability > 0:
		hit = chance(m.Seed, uint64(n), "rule") < m.Probability //nolint:gosec // counts from one
	}
	if hit {
		f.struck[i]++
	}
	return hit
}

func (r *FaultRule) aboutCharges() bool { return r.Effect == "decline" || r.Effect == "decline_mix" }

func (r *FaultRule) status() int {
	if r.Status == 0 {
		return 500
	}
	return r.Status
}

func (m FaultMatch) covers(method, requestPath string) bool {
	if m.Method != "" && !strings.EqualFold(m.Method, method) {
		return false
	}
	if strings.Contains(m.Path, "*") {
		ok, _ := path.Match(m.Path, requestPath)
		return ok
	}
	return strings.HasPrefix(requestPath, m.Path)
}

// decline asks the rules about a charge on the payment method, nil if none
// declines it.
func (f *faultPlan) decline(paymentMethod string) *decline {
	for i := range f.spec.Rules {
		r := &f.spec.Rules[i]
		if !r.aboutCharges() || (r.PaymentMethod != "" && r.PaymentMethod != paymentMethod) {
			continue
		}
		if r.Effect == "decline" {
			if f.strikes(i) {
				return declineOf(r.Code, r.DeclineCode, r.AdviceCode)
			}
			continue
		}
		if !f.strikes(i) {
			continue
		}
		n := uint64(f.asked[i]) //nolint:gosec // counts from one
		if chance(r.Seed, n, "percent")*100 < r.Percent {
			return declineOf("", r.pick(draw(r.Seed, n, "code")), "")
		}
	}
	return nil
}

// pick chooses a decline code by weight; drawn is one of 2^53.
func (r *FaultRule) pick(drawn uint64) string {
	total := 0
	names := sortedKeys(r.Codes)
	for _, name := range names {
		total += r.Codes[name]
	}
	share, _ := bits.Mul64(drawn<<(64-drawnBits), uint64(total))
	rest := int(share) //nolint:gosec // below the total
	for _, name := range names {
		if rest -= r.Codes[name]; rest < 0 {
			return name
		}
	}
	return "generic_decline"
}

// fate is what becomes of the next delivery.
type fate struct {
	dropped, doubled bool
	delay            time.Duration
}

// reorderWindow is within what deliveries are shuffled if no delay says more.
const reorderWindow = time.Second

func (f *faultPlan) fate() fate {
	h := f.spec.Webhooks
	if h == nil {
		return fate{}
	}
	f.webhook++
	n := f.webhook
	out := fate{
		dropped: chance(h.Seed, n, "drop") < h.Drop,
		doubled: chance(h.Seed, n, "double") < h.Double,
		delay:   time.Duration(h.DelayMS) * time.Millisecond,
	}
	out.doubled = out.doubled && !out.dropped
	if h.Reorder {
		window := max(out.delay, reorderWindow)
		out.delay += time.Duration(chance(h.Seed, n, "reorder") * float64(window))
	}
	f.fates.count(out)
	return out
}

// chance is [draw] as a share of one.
func chance(seed int64, n uint64, purpose string) float64 {
	return float64(draw(seed, n, purpose)) / (1 << drawnBits)
}

// drawnBits is of how many bits what is drawn is: as many as a share keeps exactly.
const drawnBits = 53

// draw is the same number for the same seed, count and purpose.
func draw(seed int64, n uint64, purpose string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(purpose + " " + strconv.FormatInt(seed, 10) + " " + strconv.FormatUint(n, 10)))
	x := h.Sum64()
	x ^= x >> 33 // FNV's high bits vary little over short inputs; mix them
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return x >> (64 - drawnBits)
}

// check refuses a spec that could not be what its author meant.
func (s FaultSpec) check() *apiError {
	for i, r := range s.Rules {
		field := "rules[" + strconv.Itoa(i) + "]"
		switch {
		case !slices.Contains(effects, r.Effect):
			return invalidParam("", field+"[effect]", "Invalid effect %q: must be one of %s", r.Effect, orList(effects))
		case r.Match.Probability < 0 || r.Match.Probability > 1:
			return invalidParam("", field+"[match][probability]", "A probability is between 0 and 1.")
		case r.Percent < 0 || r.Percent > 100:
			return invalidParam("", field+"[percent]", "A percentage is between 0 and 100.")
		case r.MS < 0 || r.MS > 600_000:
			return invalidParam("", field+"[ms]", "A delay is between 0 and 600000 ms.")
		case r.Status != 0 && (r.Status < 500 || r.Status > 599):
			return invalidParam("", field+"[status]", "A status of error_before or error_after is between 500 and 599.")
		}
		if _, err := path.Match(r.Match.Path, ""); err != nil {
			return invalidParam("", field+"[match][path]", "Invalid glob.")
		}
		for _, weight := range r.Codes {
			if weight < 0 {
				return invalidParam("", field+"[codes]", "A weight is 0 or more.")
			}
		}
	}
	if w := s.Webhooks; w != nil && (w.Drop < 0 || w.Drop > 1 || w.Double < 0 || w.Double > 1 || w.DelayMS < 0) {
		return invalidParam("", "webhooks", "drop and double are probabilities between 0 and 1, delay_ms is 0 or more.")
	}
	return nil
}

var effects = []string{
	"delay", "error_before", "error_after", "drop_before", "drop_after",
	"rate_limit", "lock_timeout", "decline", "decline_mix",
}

// faultReport is the plan in force, with how often each rule was asked and
// struck, and what became of deliveries.
type faultReport struct {
	FaultSpec
	Asked  []int64 `json:"asked"`
	Struck []int64 `json:"struck"`
	Fates  fates   `json:"deliveries"`
}

func (f *faultPlan) report() faultReport {
	return faultReport{f.spec, slices.Clone(f.asked), slices.Clone(f.struck), f.fates}
}
