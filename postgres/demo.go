package postgres

import (
	"context"
	"fmt"
)

// DemoDomain is where the demo's people have their addresses. Nobody else can:
// the domain .test is reserved (RFC 6761).
const DemoDomain = "remit.test"

// HasDemoPeople reports whether the database holds accounts of the demo, whose
// password everybody knows.
func (db *DB) HasDemoPeople(ctx context.Context) (bool, error) {
	var has bool
	err := db.pool.QueryRow(ctx, "select exists (select from accounts where lower(email) like '%@"+DemoDomain+"' and password_hash is not null)").Scan(&has)
	if err != nil {
		return false, fmt.Errorf("look for the demo's people: %w", err)
	}
	return has, nil
}

// DemoAndRealMoney reports which tenants, by path, run on a test clock, and
// which are connected to a Stripe account in live mode.
func (db *DB) DemoAndRealMoney(ctx context.Context) (onTestClock, live []string, err error) {
	tenants, err := db.Tenants(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, tenant := range tenants {
		err := db.InTenant(ctx, tenant, func(tx *Tx) error {
			path, err := tx.TenantPath(ctx)
			if err != nil {
				return err
			}
			clock, err := tx.Clock(ctx)
			if err != nil {
				return err
			}
			if clock.Test {
				onTestClock = append(onTestClock, path)
			}
			connection, err := tx.LiveConnection(ctx)
			if err == nil && connection != nil && connection.Livemode {
				live = append(live, path)
			}
			return err
		})
		if err != nil {
			return nil, nil, fmt.Errorf("look at tenant %s: %w", tenant, err)
		}
	}
	return onTestClock, live, nil
}

// DemoAddress is the address of one of the demo's people.
func DemoAddress(name string) string { return name + "@" + DemoDomain }
