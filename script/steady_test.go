package script_test

import (
	"testing"

	"remit/script/scripttest"
)

// A script that asks for little never meets the limit on memory, whatever runs
// beside it: how many addresses a process has when it starts is chance.
func TestSmallScriptNeverMeetsTheLimit(t *testing.T) {
	t.Parallel()
	runner := scripttest.Runner(t)
	for range 4 { // more than run at once, so that one always starts while another ends
		t.Run("beside others", func(t *testing.T) {
			t.Parallel()
			for range 60 {
				if _, err := runner.Run(t.Context(), defining(`return [{"set_label": "Settled"}]`), paid); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
