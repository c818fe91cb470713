package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"remit/commands"
	"remit/secrets"
)

type adminCommand struct {
	Create adminCreateCommand `cmd:"" help:"Make the first administrator of a top-level organisation, and the organisation."`
}

type adminCreateCommand struct {
	Organisation  string `help:"Top-level path, such as /acme."                                                                              required:""`
	Email         string `required:""`
	Name          string `required:""`
	TimeZone      string `default:"UTC"                                                                                                      help:"Of a new organisation, an IANA name."`
	Currency      string `default:"USD"                                                                                                      help:"Of a new organisation, ISO 4217."`
	PasswordStdin bool   `help:"Read the password from the first line of standard input. Otherwise a link is printed by which it is chosen."`
}

func (a *adminCreateCommand) Run(ctx context.Context, s *surroundings) error {
	first := commands.FirstAdministrator{
		Organisation: a.Organisation, TimeZone: a.TimeZone, Currency: a.Currency, Email: a.Email, Name: a.Name,
	}
	if a.PasswordStdin {
		typed, err := bufio.NewReader(s.in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the password: %w", err)
		}
		password := strings.TrimRight(typed, "\r\n")
		if password == "" {
			return errors.New("--password-stdin: standard input holds no password")
		}
		first.Password = secrets.NewSecret(password)
	}
	return s.operate(ctx, false, func(c *commands.Commands) error {
		made, err := c.CreateFirstAdministrator(ctx, first)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s administers %s.\n", made.User.Email, a.Organisation)
		if made.Link != "" {
			fmt.Fprintf(s.out, "The password is chosen here, once, until %s:\n%s%s\n", made.ExpiresAt.UTC().Format(time.RFC1123), c.PublicURL, made.Link)
		}
		return nil
	})
}
