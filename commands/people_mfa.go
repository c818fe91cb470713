package commands

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/credentials"
	"remit/postgres"
	"remit/secrets"
)

// secondStepLife is how long somebody who gave the right password has for the
// code.
const secondStepLife = 5 * time.Minute

// SecondFactor is a new secret for an authenticator app, to be shown once.
type SecondFactor struct {
	Secret secrets.Secret // in base32, to be typed
	URL    secrets.Secret // otpauth://
	QR     []byte         // the URL as a PNG
}

// BeginMFA makes a secret that is in force only once [Commands.ConfirmMFA] has
// seen a code of it. Beginning again makes another. Where a second factor is in
// force it has to be removed first.
func (c *Commands) BeginMFA(ctx context.Context, caller Caller) (SecondFactor, error) {
	if err := inSession(caller); err != nil {
		return SecondFactor{}, err
	}
	if err := c.confirmed(caller); err != nil {
		return SecondFactor{}, err
	}
	secret, url, picture, err := credentials.NewTOTP(caller.Email)
	if err != nil {
		return SecondFactor{}, err
	}
	sealed, err := c.Secrets.SealSecret(secrets.MFA, mfaPlace(caller.Account), secret)
	if err != nil {
		return SecondFactor{}, fmt.Errorf("seal the second factor: %w", err)
	}
	err = c.DB.Global(ctx, func(tx pgx.Tx) error {
		stored, err := postgres.SetMFASecret(ctx, tx, caller.Account, sealed)
		if err == nil && !stored {
			err = remit.Conflict(remit.CodeConflict, "You have a second factor. Remove it first.")
		}
		return err
	})
	return SecondFactor{secret, url, picture}, err
}

// ConfirmMFA puts the second factor in force by a first code of it, and gives
// ten recovery codes, each of which works once in place of a code.
func (c *Commands) ConfirmMFA(ctx context.Context, caller Caller, code string) ([]secrets.Secret, error) {
	if err := inSession(caller); err != nil {
		return nil, err
	}
	if err := c.confirmed(caller); err != nil {
		return nil, err
	}
	account, _, err := c.DB.AccountByID(ctx, caller.Account)
	if err != nil {
		return nil, err
	}
	if account.MFASecret == nil || account.MFAConfirmedAt != nil {
		return nil, remit.Conflict(remit.CodeConflict, "There is no second factor to confirm.")
	}
	if err := c.proveCode(ctx, account, code, caller.Address); err != nil {
		return nil, err
	}
	codes, hashes := credentials.NewRecoveryCodes()
	err = c.DB.Global(ctx, func(tx pgx.Tx) error { return postgres.ConfirmMFA(ctx, tx, account.ID, hashes, c.Now()) })
	if err != nil {
		return nil, err
	}
	c.auditEverywhere(ctx, account.Tenants, caller.entry("mfa.confirm", "user "+account.ID.String(), ""))
	return codes, nil
}

// RemoveMFA removes the caller's second factor and his recovery codes.
func (c *Commands) RemoveMFA(ctx context.Context, caller Caller) error {
	if err := inSession(caller); err != nil {
		return err
	}
	if err := c.confirmed(caller); err != nil {
		return err
	}
	err := c.DB.Global(ctx, func(tx pgx.Tx) error { return postgres.RemoveMFA(ctx, tx, caller.Account) })
	if err != nil {
		return err
	}
	c.auditEverywhere(ctx, caller.tenantIDs(), caller.entry("mfa.remove", "user "+caller.Account.String(), ""))
	return nil
}

// askSecondFactor gives somebody whose password was right a token with which
// he can give the code.
func (c *Commands) askSecondFactor(ctx context.Context, account postgres.Account) (SignedIn, error) {
	token := credentials.NewToken(credentials.SecondStepToken)
	now := c.Now()
	err := c.DB.Global(ctx, func(tx pgx.Tx) error {
		return postgres.InsertAccountToken(ctx, tx, postgres.AccountToken{
			Hash: token.Hash, Account: account.ID, Purpose: postgres.PurposeMFASignIn, ExpiresAt: now.Add(secondStepLife),
		}, now)
	})
	return SignedIn{MFA: token.Plain}, err
}

// SignInMFA goes on with a sign-in by a code of the second factor or a recovery
// code. Wrong codes are delayed like wrong passwords.
func (c *Commands) SignInMFA(ctx context.Context, token, code string, from From) (SignedIn, error) {
	refused := remit.Errorf(remit.KindUnauthenticated, remit.CodeUnauthenticated, "The code is wrong, or it took too long. Sign in again.")
	hash, ok := credentials.HashToken(credentials.SecondStepToken, token)
	if !ok {
		return SignedIn{}, refused
	}
	stored, found, err := c.DB.AccountTokenByHash(ctx, hash, postgres.PurposeMFASignIn, c.Now())
	if err != nil {
		return SignedIn{}, err
	}
	if !found {
		return SignedIn{}, refused
	}
	account, found, err := c.DB.AccountByID(ctx, stored.Account)
	if err != nil {
		return SignedIn{}, err
	}
	if !found || account.DisabledAt != nil || len(account.Tenants) == 0 || !account.HasMFA() {
		return SignedIn{}, refused
	}
	err = c.proveCode(ctx, account, code, from.Address)
	if remit.IsCode(err, remit.CodeInvalid) {
		// Somebody knows the password and not the code: worth a look.
		c.logSignIn(ctx, slog.LevelWarn, "second factor failed", account.ID, from)
		entry := c.accountEntry(account, "session.create", from)
		entry.Outcome = remit.AuditFailed
		c.auditEverywhere(ctx, account.Tenants, entry)
		return SignedIn{}, refused
	}
	if err != nil {
		return SignedIn{}, err
	}
	err = c.DB.Global(ctx, func(tx pgx.Tx) error {
		_, usable, err := postgres.UseAccountToken(ctx, tx, hash, postgres.PurposeMFASignIn, c.Now())
		if err == nil && !usable {
			err = refused
		}
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	return c.startSession(ctx, account, from)
}

// proveCode checks a code of the second factor, or a recovery code, which then
// cannot be used again. Returns [remit.CodeInvalid] naming the field code.
func (c *Commands) proveCode(ctx context.Context, account postgres.Account, code, address string) error {
	wrong := remit.Invalid("code", "The code is wrong.")
	counted, err := c.countTry(ctx, "second factor "+account.ID.String(), account, "", address)
	if err != nil {
		return err
	}
	secret, err := c.Secrets.OpenSecret(secrets.MFA, mfaPlace(account.ID), account.MFASecret) //nolint:contextcheck // bounds itself
	if err != nil {
		return fmt.Errorf("open the second factor: %w", err)
	}
	step, right := credentials.CheckTOTP(secret, code, c.Now(), account.MFALastStep)
	recovery, isRecovery := credentials.HashRecoveryCode(code)
	if !right && !isRecovery {
		return wrong
	}
	err = c.DB.Global(ctx, func(tx pgx.Tx) error {
		if right {
			right, err = postgres.UseMFAStep(ctx, tx, account.ID, step)
		} else {
			right, err = postgres.UseRecoveryCode(ctx, tx, account.ID, recovery, c.Now())
		}
		if err == nil && !right {
			err = wrong
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.forgive(ctx, counted)
}

func mfaPlace(account uuid.UUID) secrets.AD {
	return secrets.AD{Table: "accounts", Column: "mfa_secret", Row: account.String()}
}
