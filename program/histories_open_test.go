package program_test

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"remit/postgres"
	"remit/secrets"
)

// opener opens the payloads of histories and takes out who wrote them where.
type opener struct{ codec *secrets.PayloadCodec }

func (w *world) opener() (*opener, error) {
	db, err := postgres.Open(w.t.Context(), w.config.DatabaseURL, postgres.Options{MaxConns: 1})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	keys, err := secrets.Open(w.t.Context(), w.config.KEKFile, db.Keysets())
	if err != nil {
		return nil, err
	}
	return &opener{codec: secrets.NewPayloadCodec(keys)}, nil
}

func (o *opener) open(ctx context.Context, history *historypb.History) error {
	err := proxy.VisitPayloads(ctx, history, proxy.VisitPayloadsOptions{SkipSearchAttributes: true, Visitor: o.payloads})
	if err != nil {
		return err
	}
	data := converter.GetDefaultDataConverter()
	err = proxy.VisitFailures(ctx, history, proxy.VisitFailuresOptions{Visitor: func(_ *proxy.VisitFailuresContext, f *failurepb.Failure) error {
		converter.DecodeCommonFailureAttributes(data, f)
		f.EncodedAttributes, f.StackTrace = nil, ""
		return nil
	}})
	forgetHost(history.ProtoReflect())
	return err
}

func (o *opener) payloads(_ *proxy.VisitPayloadsContext, sealed []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(sealed))
	for n, payload := range sealed {
		out[n] = payload
		if string(payload.GetMetadata()[converter.MetadataEncoding]) != "binary/encrypted" {
			continue // Temporal's own
		}
		opened, err := o.codec.Decode([]*commonpb.Payload{payload})
		if err != nil {
			return nil, err
		}
		out[n] = opened[0]
	}
	return out, nil
}

// forgetHost takes out process ids, host names and binaries' checksums, on which
// no replay depends.
func forgetHost(message protoreflect.Message) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Name() == "identity", field.Name() == "build_id", field.Name() == "binary_checksum":
			message.Clear(field)
		case field.IsMap():
		case field.IsList() && field.Message() != nil:
			for n := range value.List().Len() {
				forgetHost(value.List().Get(n).Message())
			}
		case field.Message() != nil:
			if queue, ok := value.Message().Interface().(*taskqueuepb.TaskQueue); ok && queue.GetNormalName() != "" {
				proto.Reset(queue) // a worker's own queue is named after its host
				queue.Name = "remit"
				return true
			}
			forgetHost(value.Message())
		}
		return true
	})
}

// RegisterWorkflowWithOptions registers at the replayer.
func (r replaying) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	r.replayer.RegisterWorkflowWithOptions(w, options)
}

// RegisterActivityWithOptions does nothing: activities are not run again.
func (r replaying) RegisterActivityWithOptions(any, activity.RegisterOptions) {}
