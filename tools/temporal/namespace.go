package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// namespaceWithin is how long a started server has to make its namespace.
const namespaceWithin = 30 * time.Second

// searchAttributes are Remit's: ids, states and dates only, since Temporal
// keeps them in clear.
var searchAttributes = map[string]enumspb.IndexedValueType{
	"RemitOrganisation": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"RemitInvoice":      enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"RemitState":        enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"RemitDueDate":      enumspb.INDEXED_VALUE_TYPE_DATETIME,
}

// usableQuery names every attribute, so it is refused until all are known.
const usableQuery = "RemitOrganisation = 'x' AND RemitInvoice = 'x' AND RemitState = 'x' AND RemitDueDate IS NULL"

// prepareNamespace makes the namespace and its search attributes where they
// are absent, and returns once workflows can be started in it with them.
func prepareNamespace(ctx context.Context, o options) error {
	ctx, cancel := context.WithTimeout(ctx, namespaceWithin)
	defer cancel()
	connection, err := grpc.NewClient(o.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connect to the frontend: %w", err)
	}
	defer connection.Close()
	frontend := workflowservice.NewWorkflowServiceClient(connection)

	err = retry(ctx, func() error { return registerNamespace(ctx, frontend, o) })
	if err != nil {
		return fmt.Errorf("register namespace %s: %w", o.namespace, err)
	}
	added := false
	err = retry(ctx, func() (err error) {
		added, err = addSearchAttributes(ctx, operatorservice.NewOperatorServiceClient(connection), o.namespace, added)
		return err
	})
	if err != nil {
		return fmt.Errorf("search attributes of namespace %s: %w", o.namespace, err)
	}
	if added {
		// The services poll namespaces each for itself; a workflow which sets
		// an attribute its history service has not seen would fail a task.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(o.namespaceRefresh + 100*time.Millisecond):
		}
	}
	err = retry(ctx, func() error {
		_, err := frontend.CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: o.namespace, Query: usableQuery})
		return err
	})
	if err != nil {
		return fmt.Errorf("namespace %s not usable: %w", o.namespace, err)
	}
	return nil
}

func registerNamespace(ctx context.Context, frontend workflowservice.WorkflowServiceClient, o options) error {
	_, err := frontend.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        o.namespace,
		WorkflowExecutionRetentionPeriod: durationpb.New(o.retention),
	})
	var exists *serviceerror.NamespaceAlreadyExists
	if err != nil && errors.As(serviceerror.FromStatus(status.Convert(err)), &exists) {
		return nil
	}
	return err
}

// addSearchAttributes reports whether any was absent.
func addSearchAttributes(ctx context.Context, operator operatorservice.OperatorServiceClient, namespace string, added bool) (bool, error) {
	known, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return added, err
	}
	missing := make(map[string]enumspb.IndexedValueType)
	for name, kind := range searchAttributes {
		have, ok := known.GetCustomAttributes()[name]
		if ok && have != kind {
			return added, fmt.Errorf("%s is %s, want %s", name, have, kind)
		}
		if !ok {
			missing[name] = kind
		}
	}
	if len(missing) == 0 {
		return added, nil
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	if err != nil && strings.Contains(err.Error(), "already exist") {
		err = nil
	}
	return true, err
}

// retry calls do until it succeeds or ctx ends: for its first moments a server
// refuses calls its services are not ready for.
func retry(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
