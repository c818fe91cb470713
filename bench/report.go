package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"go.temporal.io/api/workflowservice/v1"
)

// report prints floors and figures side by side, and what a ratio is made of.
func (b *bench) report(ctx context.Context, rounds int, all []*series) error {
	fmt.Fprintf(b.out, "\n%d in flight, %d rounds in turns, %d of each a round; all parts share this machine%s\n\n", b.InFlight, rounds, b.Each, loadNow())
	table := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "a second\tof its floor\tp50 ms\tp99 ms\tCPU ms each\tevents\ttransitions\ttransactions\t")
	for _, s := range all {
		ratio := ""
		if s.floor != nil {
			ratio = fmt.Sprintf("%.2f", s.rate()/s.floor.rate())
		}
		events, transitions, err := b.cost(ctx, s.workflows)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%.1f\t%s\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t %s\n", s.rate(), ratio, s.quantile(0.5).Milliseconds(), s.quantile(0.99).Milliseconds(),
			s.perOne(s.cpu.sum()), events, transitions, float64(s.transactions)/float64(len(s.each)), s.name)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	fmt.Fprint(b.out, "\nCPU ms each, by process:\n")
	table = tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "Temporal\tPostgreSQL\tRemit\tstand-in\tclient, bare worker\t")
	for _, s := range all {
		name, _, _ := strings.Cut(s.name, ":")
		fmt.Fprintf(table, "%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t %s\n", s.perOne(s.cpu.temporal), s.perOne(s.cpu.postgres), s.perOne(s.cpu.remit),
			s.perOne(s.cpu.standin), s.perOne(s.cpu.client), name)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	fmt.Fprint(b.out, "\nevents, transitions: of the workflow, from its start to its end; a payment's has the sending of its invoice in it.\n"+
		"transactions: of Remit's database. CPU counts until all has come to rest, webhooks and the workflow's end included.\n")
	if late := b.late.Load(); late > 0 {
		fmt.Fprintf(b.out, "%d payments were answered before they had ended; the time until they had is counted.\n", late)
	}
	return nil
}

// rate is how many a second.
func (s *series) rate() float64 { return float64(len(s.each)) / s.took.Seconds() }

func (s *series) perOne(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000 / float64(max(len(s.each), 1))
}

func (s *series) quantile(q float64) time.Duration {
	slices.Sort(s.each)
	return s.each[min(int(q*float64(len(s.each))), len(s.each)-1)]
}

// cost is how many events and state transitions a workflow had, all its runs
// together: the mean of a few of them.
func (b *bench) cost(ctx context.Context, workflows []string) (events, transitions float64, err error) {
	const sample = 20
	looked := workflows[max(0, len(workflows)-sample):]
	for _, id := range looked {
		list, err := b.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowId = '" + id + "'"})
		if err != nil {
			return 0, 0, fmt.Errorf("look at workflow %s: %w", id, err)
		}
		for _, run := range list.GetExecutions() {
			described, err := b.client.DescribeWorkflowExecution(ctx, id, run.GetExecution().GetRunId())
			if err != nil {
				return 0, 0, fmt.Errorf("look at workflow %s: %w", id, err)
			}
			events += float64(described.GetWorkflowExecutionInfo().GetHistoryLength())
			transitions += float64(described.GetWorkflowExecutionInfo().GetStateTransitionCount())
		}
	}
	n := float64(max(len(looked), 1))
	return events / n, transitions / n, nil
}

// loadNow tells how busy the machine is with everything on it.
func loadNow() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	load, _, _ := strings.Cut(string(raw), " ")
	return ", load " + load
}
