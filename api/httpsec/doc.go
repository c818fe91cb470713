// Package httpsec is what stands between the network and the handlers: server
// limits, response headers, where a request truly comes from, cross-origin
// refusal, body caps and rate limits. It is plain net/http, so that gin, static
// files and error answers are behind it alike: see [Config.Wrap].
//
// It does not own who the caller is or what he may do, nor cookies; and it
// reads no body.
//
// Invariants: every answer a handler gives, errors and panics included, has the
// security headers; a forwarded header counts only from a proxy that was named;
// no state a stranger can grow (keys of limiters) is unbounded. Answers that
// net/http gives before any handler runs (400 for a request that is not HTTP,
// 431 for headers too long) have no headers of ours.
package httpsec
