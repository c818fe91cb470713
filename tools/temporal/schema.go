package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/tools/common/schema"
	sqltool "go.temporal.io/server/tools/sql"
)

// databaseWithin is how long a start waits for PostgreSQL to answer.
const databaseWithin = 30 * time.Second

// prepareDatabases makes both databases and brings their schema to the
// server's version. It is idempotent and resumes a set-up that was killed: a
// statement whose object exists already is passed over.
func prepareDatabases(ctx context.Context, o options, logger log.Logger) error {
	deadline := time.Now().Add(databaseWithin)
	for {
		err := errors.Join(
			prepareDatabase(o, mainDatabase, "postgresql/v12/temporal", logger),
			prepareDatabase(o, visibilityDatabase, "postgresql/v12/visibility", logger),
		)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("PostgreSQL at %s: %w", o.database.Host, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func prepareDatabase(o options, database, schemaName string, logger log.Logger) error {
	if err := sqltool.DoCreateDatabase(sqlConfig(o, database), "postgres", logger); err != nil {
		return fmt.Errorf("create database %s: %w", database, err)
	}
	connection, err := sqltool.NewConnection(sqlConfig(o, database), logger)
	if err != nil {
		return fmt.Errorf("connect to database %s: %w", database, err)
	}
	defer connection.Close()
	setup := &schema.SetupConfig{InitialVersion: "0.0"}
	if err := schema.NewSetupSchemaTask(connection, setup, logger).Run(); err != nil {
		return fmt.Errorf("version tables of database %s: %w", database, err)
	}
	update := &schema.UpdateConfig{DBName: database, SchemaName: schemaName}
	if err := schema.NewUpdateSchemaTask(connection, update, logger).Run(); err != nil {
		return fmt.Errorf("schema of database %s: %w", database, err)
	}
	return nil
}
