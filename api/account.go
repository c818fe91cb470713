package api

import (
	"net/http"

	"remit/commands"
	"remit/secrets"
)

// changePassword changes one's own password; the old one is asked.
func changePassword(c *call) (answer, error) {
	err := c.server.commands.ChangePassword(c.ctx(), c.caller, body(c, func(w passwordWire) (commands.PasswordChange, error) {
		return commands.PasswordChange{Old: w.Current, New: w.New}, nil
	}))
	if err != nil {
		return answer{}, err
	}
	return noContent()
}

// setSecondFactor makes a secret, or with a code of it puts it in force.
func setSecondFactor(c *call) (answer, error) {
	var wire setupWire
	if err := c.decode(&wire); err != nil {
		return answer{}, err
	}
	if wire.Code == "" {
		factor, err := c.server.commands.BeginMFA(c.ctx(), c.caller)
		if err != nil {
			return answer{}, err
		}
		return answer{status: http.StatusAccepted, body: secretBody{Secret: factor.Secret.Reveal(), URI: factor.URL.Reveal()}}, nil
	}
	codes, err := c.server.commands.ConfirmMFA(c.ctx(), c.caller, wire.Code)
	if err != nil {
		return answer{}, err
	}
	shown := make([]string, len(codes))
	for i, code := range codes {
		shown[i] = code.Reveal()
	}
	return ok(recoveryBody{shown})
}

func removeSecondFactor(c *call) (answer, error) {
	if err := c.server.commands.RemoveMFA(c.ctx(), c.caller); err != nil {
		return answer{}, err
	}
	return noContent()
}

func acceptInvitation(c *call) (answer, error) {
	var wire tokenPasswordWire
	if err := c.decode(&wire); err != nil {
		return answer{}, err
	}
	if err := c.server.commands.AcceptInvitation(c.ctx(), wire.Token.Reveal(), wire.Password, From(c.request)); err != nil {
		return answer{}, err
	}
	return noContent()
}

// requestPasswordReset answers alike whether or not there is such an account.
func requestPasswordReset(c *call) (answer, error) {
	var wire resetRequestWire
	if err := c.decode(&wire); err != nil {
		return answer{}, err
	}
	if err := c.server.commands.RequestReset(c.ctx(), wire.Email, From(c.request)); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusAccepted}, nil
}

func completePasswordReset(c *call) (answer, error) {
	var wire tokenPasswordWire
	if err := c.decode(&wire); err != nil {
		return answer{}, err
	}
	if err := c.server.commands.ResetPassword(c.ctx(), wire.Token.Reveal(), wire.Password, From(c.request)); err != nil {
		return answer{}, err
	}
	return noContent()
}

type passwordWire struct {
	Current secrets.Secret `json:"current_password"`
	New     secrets.Secret `json:"new_password"`
}

type setupWire struct {
	Code string `json:"code"`
}

type secretBody struct {
	Secret string `json:"secret"`
	URI    string `json:"uri"`
}

type recoveryBody struct {
	RecoveryCodes []string `json:"recovery_codes"`
}

// tokenPasswordWire is what a link brought, and a password.
type tokenPasswordWire struct {
	Token    secrets.Secret `json:"token"`
	Password secrets.Secret `json:"password"`
}

type resetRequestWire struct {
	Email string `json:"email"`
}
