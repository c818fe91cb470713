package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
)

// Setting reads the nearest setting of a name at an organisation or above it:
// its value, the path it is set at and its version. found is false where none
// is set anywhere.
func (tx *Tx) Setting(ctx context.Context, path, name string, into any) (setAt string, version int64, found bool, err error) {
	var raw []byte
	err = tx.QueryRow(ctx, `select s.value, o.path, s.version from settings s join organisations o on o.tenant = s.tenant and o.id = s.organisation_id
		where s.tenant = $1 and s.name = $2 and s.value <> 'null' and ($3 = o.path or $3 ^@ (o.path || '/')) order by length(o.path) desc limit 1`, tx.Tenant, name, path).Scan(&raw, &setAt, &version)
	if isNoRows(err) {
		return "", 0, false, nil
	}
	if err != nil {
		return "", 0, false, fmt.Errorf("read the setting %s: %w", name, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return "", 0, false, fmt.Errorf("read the setting %s: %w", name, err)
	}
	return setAt, version, true, nil
}

// SetSetting writes a setting at an organisation.
func (tx *Tx) SetSetting(ctx context.Context, unit uuid.UUID, name string, value any, by uuid.UUID) (version int64, err error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return 0, fmt.Errorf("write the setting %s: %w", name, err)
	}
	err = tx.QueryRow(ctx, `insert into settings (tenant, organisation_id, name, value, updated_by) values ($1,$2,$3,$4,$5)
		on conflict (tenant, organisation_id, name) do update set value = excluded.value, version = settings.version + 1, updated_at = now(), updated_by = excluded.updated_by
		returning version`, tx.Tenant, unit, name, raw, by).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("write the setting %s: %w", name, err)
	}
	return version, nil
}

// UnsetSetting takes a setting away from an organisation, which then has what
// holds above it. The row stays, as JSON's null, so that a version is never given
// twice. It returns false where there was none.
func (tx *Tx) UnsetSetting(ctx context.Context, unit uuid.UUID, name string, by uuid.UUID) (bool, error) {
	tag, err := tx.Exec(ctx, `update settings set value = 'null', version = version + 1, updated_at = now(), updated_by = $4
		where tenant = $1 and organisation_id = $2 and name = $3 and value <> 'null'`, tx.Tenant, unit, name, by)
	if err != nil {
		return false, fmt.Errorf("take the setting %s away: %w", name, err)
	}
	return tag.RowsAffected() > 0, nil
}
