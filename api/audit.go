package api

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func audit(c *call) (answer, error) {
	filter := commands.AuditFilter{
		Organisation: c.organisation(), Actor: c.text("actor"), Who: c.text("who"), Action: c.text("action"), Object: c.text("object"),
	}
	list, err := c.server.commands.Audit(c.ctx(), c.caller, filter, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, auditShape))
}

type auditBody struct {
	Seq           int64              `json:"seq"`
	At            time.Time          `json:"at"`
	Actor         actorBody          `json:"actor"`
	TokenID       *uuid.UUID         `json:"token_id"`
	Address       string             `json:"address"`
	RequestID     string             `json:"request_id"`
	Action        string             `json:"action"`
	Object        string             `json:"object"`
	Path          string             `json:"path"`
	Scope         string             `json:"scope"`
	Matched       string             `json:"matched"`
	PolicyVersion int64              `json:"policy_version"`
	Outcome       remit.AuditOutcome `json:"outcome"`
	Change        json.RawMessage    `json:"change"`
}

func auditShape(e remit.AuditEntry) auditBody {
	body := auditBody{
		Seq: e.Seq, At: e.At.UTC(), Actor: actorBody(e.Actor), TokenID: e.Token, Address: e.Address, RequestID: e.RequestID,
		Action: e.Action, Object: e.Object, Path: e.Path, Scope: e.Scope, Matched: e.Matched, PolicyVersion: e.PolicyVersion,
		Outcome: e.Outcome, Change: e.Change,
	}
	if len(body.Change) == 0 {
		body.Change = json.RawMessage("{}")
	}
	return body
}
