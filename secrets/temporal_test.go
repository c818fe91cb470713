package secrets_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"remit/secrets"
)

type order struct {
	Invoice string
	Amount  int64
}

// T33: what goes to Temporal is unreadable there and comes back as it was,
// nil and bytes included, also after a rotation.
func TestTemporalPayloadsRoundTrip(t *testing.T) {
	keys := open(t, kekFile(t), &secrets.MemoryStore{})
	data, _ := secrets.TemporalConverters(keys)
	payloads, err := data.ToPayloads(order{marker, 1250}, nil, []byte(marker), marker)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := proto.Marshal(payloads)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte(marker)) || bytes.Contains(raw, []byte("json/plain")) {
		t.Error("a payload is readable")
	}
	if err := keys.Rotate(t.Context(), secrets.TemporalPayloads); err != nil {
		t.Fatal(err)
	}
	var (
		got   order
		none  *order
		blob  []byte
		plain string
	)
	if err := data.FromPayloads(payloads, &got, &none, &blob, &plain); err != nil {
		t.Fatal(err)
	}
	if (got != order{marker, 1250}) || none != nil || string(blob) != marker || plain != marker {
		t.Errorf("came back as %v %v %q %q", got, none, blob, plain)
	}
}

// T5: whoever can write to Temporal can neither alter a payload nor slip in a
// plain one.
func TestTemporalPayloadsRefuseTampering(t *testing.T) {
	keys := open(t, kekFile(t), &secrets.MemoryStore{})
	codec := secrets.NewPayloadCodec(keys)
	plain, err := converter.GetDefaultDataConverter().ToPayload("pay me")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := codec.Decode([]*commonpb.Payload{plain}); err == nil {
		t.Error("a plain payload was taken")
	}
	if _, err := codec.Decode([]*commonpb.Payload{nil}); err == nil {
		t.Error("an absent payload was taken")
	}
	encoded, err := codec.Encode([]*commonpb.Payload{plain})
	if err != nil {
		t.Fatal(err)
	}
	for i := range encoded[0].GetData() {
		altered := proto.Clone(encoded[0]).(*commonpb.Payload)
		altered.Data[i] ^= 1
		if _, err := codec.Decode([]*commonpb.Payload{altered}); !errors.Is(err, secrets.ErrSealed) {
			t.Fatalf("byte %d altered: %v", i, err)
		}
	}
	renamed := proto.Clone(encoded[0]).(*commonpb.Payload)
	renamed.Metadata["encryption-key-id"] = []byte("7")
	if _, err := codec.Decode([]*commonpb.Payload{renamed}); !errors.Is(err, secrets.ErrSealed) {
		t.Errorf("another key id: %v", err)
	}
	other := open(t, kekFile(t), &secrets.MemoryStore{})
	if _, err := secrets.NewPayloadCodec(other).Decode(encoded); !errors.Is(err, secrets.ErrSealed) {
		t.Errorf("another installation: %v", err)
	}
}

// T33: a failure's message and stack trace are encrypted, and its type, on
// which retries depend, is not.
func TestTemporalFailuresAreEncrypted(t *testing.T) {
	keys := open(t, kekFile(t), &secrets.MemoryStore{})
	_, failures := secrets.TemporalConverters(keys)
	failure := failures.ErrorToFailure(temporal.NewApplicationError("declined: "+marker, "Declined", marker))
	raw, err := proto.Marshal(failure)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte(marker)) {
		t.Error("the failure shows its message or details")
	}
	var back *temporal.ApplicationError
	if !errors.As(failures.FailureToError(failure), &back) || back.Type() != "Declined" || back.Message() != "declined: "+marker {
		t.Errorf("came back as %v", back)
	}
}

// A workflow under the test environment runs with the converters: arguments,
// an activity, a signal and a query all pass through the codec.
func TestWorkflowRunsEncrypted(t *testing.T) {
	keys := open(t, kekFile(t), &secrets.MemoryStore{})
	data, failures := secrets.TemporalConverters(keys)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // the default finds busy machines
	env.SetDataConverter(data)
	env.SetFailureConverter(failures)
	env.RegisterActivity(double)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow("more", int64(5)) }, time.Minute)
	env.ExecuteWorkflow(payment, order{"1", 10})
	var total int64
	if err := env.GetWorkflowResult(&total); err != nil || total != 25 {
		t.Errorf("got %d, %v; want 25", total, err)
	}
}

func payment(ctx workflow.Context, o order) (int64, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var doubled, more int64
	if err := workflow.ExecuteActivity(ctx, double, o.Amount).Get(ctx, &doubled); err != nil {
		return 0, err
	}
	workflow.GetSignalChannel(ctx, "more").Receive(ctx, &more)
	return doubled + more, nil
}

func double(amount int64) (int64, error) { return 2 * amount, nil }
