package httpsec

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
)

// refuseCrossOrigin answers 403 to a POST, PUT, DELETE or PATCH that another
// site's page made a browser send, by Sec-Fetch-Site and else Origin. Requests
// without either (webhooks, scripts with a token) are not a browser's.
func refuseCrossOrigin(publicURL string, deny Deny, next http.Handler) (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	if publicURL != "" {
		parsed, err := url.Parse(publicURL)
		if err != nil {
			return nil, fmt.Errorf("public URL: %w", err)
		}
		origin, err := parseOrigin(parsed.Scheme + "://" + parsed.Host)
		if err != nil {
			return nil, fmt.Errorf("public URL: %w", err)
		}
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("public URL: %w", err)
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		deny(w, r, http.StatusForbidden, "cross_origin", "This request was started by another site's page.")
	}))
	return protection.Handler(next), nil
}

// parseOrigin checks that s is scheme://host[:port] and nothing more, https or,
// on loopback, http; it then holds nothing that could end a directive.
func parseOrigin(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != s || !plainHost(u.Hostname()) {
		return "", fmt.Errorf("%q is not an origin such as https://pay.example.com", s)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", fmt.Errorf("%q must be https, or http on loopback", s)
	}
	return s, nil
}

func plainHost(host string) bool {
	for _, c := range host {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '.' && c != '-' && c != ':' {
			return false
		}
	}
	return host != ""
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
