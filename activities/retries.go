package activities

import (
	"context"

	"remit/postgres"
	"remit/retry"
)

// RetriesSetting is the name of the setting that holds the retry ladders.
const RetriesSetting = "retries"

// RetriesAt are the retry ladders in force at a path, and where they are set: ""
// for the defaults.
func RetriesAt(ctx context.Context, tx *postgres.Tx, path string) (policy retry.Policy, setAt string, err error) {
	setAt, version, found, err := tx.Setting(ctx, path, RetriesSetting, &policy)
	if err != nil || !found {
		return retry.Default(), "", err
	}
	policy.Version = version
	return policy, setAt, nil
}
