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
	if c.Identity != nil {
		targets = append(targets, c.Identity.Origin())
	}
	guards := httpsec.Config{Headers: httpsec.Headers{FormActions: targets}, Proxies: c.Proxies, PublicURL: c.PublicURL, Logger: c.Logger}
	options := api.Options{Commands: p.Commands, Logger: c.Logger, Security: guards, Observe: p.operations.observe}
	if c.Portal != nil {
		portal, err := c.Portal(p.Commands, c.Logger)
		if err != nil {
			return nil, err
		}
		options.Portal, options.NotFound, options.BodyLimit = portal.Mount, portal.NotFound, portal.BodyLimit
	}
	server, err := api.New(options)
	if err != nil {
		return nil, err
	}
	return unready(c.Preparing, guards, server)
}

// quiet keeps Temporal's chatter about every poll out of the log.
func quiet(logger *slog.Logger) *slog.Logger { return logger.With("part", "temporal") }
