package main

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"remit/secrets"
)

type configCommand struct{}

// Run prints each setting as it is in force. Secrets are masked; of the
// database's address only the password is.
func (configCommand) Run(s *surroundings) error {
	c, err := readConfig(s.environ)
	if err != nil {
		return err
	}
	values := reflect.ValueOf(c)
	known := map[string]bool{}
	for field := range reflect.TypeFor[config]().Fields() {
		name := field.Tag.Get("env")
		known[name], known[name+"_FILE"] = true, true
		fmt.Fprintf(s.out, "%s=%s\n", name, shown(values.FieldByIndex(field.Index).Interface()))
	}
	for _, pair := range s.environ {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "REMIT_") && !known[name] && !elsewhere[name] {
			fmt.Fprintf(s.out, "# %s is set and is no setting of Remit's\n", name)
		}
	}
	return nil
}

// elsewhere are variables that other parts of the project read.
var elsewhere = map[string]bool{"REMIT_CACHE": true, "REMIT_TEMPORALD": true, "REMIT_SAMPLES": true}

func shown(value any) string {
	secret, ok := value.(secrets.Secret)
	if !ok {
		if list, ok := value.([]string); ok {
			return strings.Join(list, ",")
		}
		return fmt.Sprint(value)
	}
	if secret.IsZero() {
		return ""
	}
	if parsed, err := url.Parse(secret.Reveal()); err == nil && parsed.Host != "" {
		return (&url.URL{Scheme: parsed.Scheme, User: maskedUser(parsed.User), Host: parsed.Host, Path: parsed.Path}).Redacted()
	}
	return secret.String()
}

func maskedUser(user *url.Userinfo) *url.Userinfo {
	if user == nil {
		return nil
	}
	return url.UserPassword(user.Username(), "masked")
}
