package api

import "remit"

func reverseLateFee(c *call) (answer, error) {
	return c.invoiceAnswer(c.server.commands.ReverseLateFee(c.ctx(), c.caller, c.id(), body(c, func(w reverseLateFeeWire) (remit.LateFeeRequest, error) {
		return remit.LateFeeRequest(w), nil
	})))
}

type reverseLateFeeWire struct {
	Stage  int    `json:"stage"`
	Reason string `json:"reason"`
}

// lateFeesWire are late fees all at once: what is left out is not there.
type lateFeesWire struct {
	Stages     []lateFeeStageWire `json:"stages"`
	CapPercent remit.Percent      `json:"cap_percent"`
	CapFixed   int64              `json:"cap_fixed"`
}

type lateFeeStageWire struct {
	Days    int           `json:"after_due_days"`
	Percent remit.Percent `json:"percent"`
	Fixed   int64         `json:"fixed"`
}

func (w lateFeesWire) fees() remit.LateFeeSettings {
	s := remit.LateFeeSettings{CapPercent: w.CapPercent, CapFixed: w.CapFixed}
	for _, stage := range w.Stages {
		s.Stages = append(s.Stages, remit.LateFeeStage(stage))
	}
	return s
}
