package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
)

// LoginRole is the account [Provision] makes. It may do what remit_app may and
// owns nothing.
const LoginRole = "remit_login"

// Provision gives the program an account of its own on a private server: a role
// that may sign in and is a member of remit_app and of nothing else, so that a
// connection of the program can never become the owner's. adminURL is a
// superuser's URL of the migrated database; the URL returned is the same with
// the account and its password in place of the superuser's. Called again it
// sets the password anew.
func Provision(ctx context.Context, adminURL, password string) (appURL string, err error) {
	app, err := url.Parse(adminURL)
	if err != nil {
		return "", errors.New("provision: the database address is not a URL") // the parser's error would repeat the password
	}
	connection, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return "", fmt.Errorf("provision: %w", err)
	}
	defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
	err = pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error { return provision(ctx, tx, password) })
	if err != nil {
		return "", fmt.Errorf("provision: %w", err)
	}
	app.User = url.UserPassword(LoginRole, password)
	return app.String(), nil
}

func provision(ctx context.Context, tx pgx.Tx, password string) error {
	// Roles are the server's: two databases of it may be set up at once.
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('remit provision', 0))"); err != nil {
		return err
	}
	var exists bool
	if err := tx.QueryRow(ctx, "select exists (select from pg_roles where rolname = $1)", LoginRole).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		if _, err := tx.Exec(ctx, "create role "+LoginRole); err != nil {
			return err
		}
	}
	// A password cannot be a parameter of this statement; format quotes it.
	var statement string
	err := tx.QueryRow(ctx, "select format('alter role "+LoginRole+" login nosuperuser nocreaterole nocreatedb nobypassrls noreplication password %L', $1::text)", password).Scan(&statement)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, statement); err != nil {
		return errors.New("the account's password could not be set") // the server's error may quote the statement
	}
	_, err = tx.Exec(ctx, "grant remit_app to "+LoginRole)
	return err
}
