package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"remit/apiclient"
	"remit/dev"
	"remit/secrets"
)

// ask gives a client of a running Remit: that of REMIT_URL with REMIT_TOKEN,
// else the one `remit dev` runs on this machine, as the demo's administrator.
func (s *surroundings) ask() (*apiclient.Client, error) {
	given, err := readConfig(s.environ)
	if err != nil {
		return nil, err
	}
	if given.URL != "" {
		if given.Token.IsZero() {
			return nil, errors.New("REMIT_URL is set, REMIT_TOKEN (or REMIT_TOKEN_FILE) is not")
		}
		return apiclient.New(given.URL, given.Token)
	}
	c, err := localConfig(s.environ)
	if err != nil {
		return nil, err
	}
	if c.URL == "" {
		return nil, noneHere(c, "set REMIT_URL and REMIT_TOKEN")
	}
	token := c.Token
	if token.IsZero() {
		if token, err = s.localToken(c); err != nil {
			return nil, err
		}
	}
	return apiclient.New(c.URL, token)
}

// noneHere says where a Remit of this machine was looked for, and how to name
// another.
func noneHere(c config, otherwise string) error {
	folder, err := c.folder()
	if err != nil {
		return err
	}
	return fmt.Errorf("no Remit runs in %s: run `make run`, say by REMIT_DATA_DIR where it runs, or %s", folder, otherwise)
}

func (s *surroundings) localToken(c config) (secrets.Secret, error) {
	folder, err := c.folder()
	if err != nil {
		return secrets.Secret{}, err
	}
	raw, err := os.ReadFile(filepath.Join(folder, dev.TokenFile))
	if errors.Is(err, fs.ErrNotExist) {
		return secrets.Secret{}, errors.New("the Remit of this machine has no demo to sign in to; set REMIT_TOKEN")
	}
	if err != nil {
		return secrets.Secret{}, err
	}
	return secrets.NewSecret(strings.TrimSpace(string(raw))), nil
}
