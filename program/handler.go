package program

import (
	"log/slog"
	"net/http"
	"net/url"

	"remit/api"
	"remit/api/httpsec"
)

// handler is API and portal behind one set of guards.
func (p *Program) handler() (http.Handler, error) {
	c := p.config
	targets := append(httpsec.StripeFormActions(), c.FormTargets...)
	if c.StripeURL != "" {
		if at, err := url.Parse(c.StripeURL); err == nil {
			targets = append(targets, at.Scheme+"://"+at.Host)
		}
	}
	options := api.Options{
		Commands: p.Commands, Logger: c.Logger,
		Security: httpsec.Config{Headers: httpsec.Headers{FormActions: targets}, Proxies: c.Proxies, PublicURL: c.PublicURL},
	}
	if c.Portal != nil {
		portal, err := c.Portal(p.Commands, c.Logger)
		if err != nil {
			return nil, err
		}
		options.Portal, options.NotFound, options.BodyLimit = portal.Mount, portal.NotFound, portal.BodyLimit
	}
	return api.New(options)
}

// quiet keeps Temporal's chatter about every poll out of the log.
func quiet(logger *slog.Logger) *slog.Logger { return logger.With("part", "temporal") }
