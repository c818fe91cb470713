// Package composecheck holds docker-compose.yml to Remit's rules for
// containers. It loads the file as Docker Compose does and needs no engine.
package composecheck

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const root = "../.."

func load(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")}, cli.WithWorkingDirectory(root), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := cli.ProjectFromOptions(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// TestServices protects the deployment's shape: the API, the worker and the
// migration run apart, and each starts only after what it needs.
func TestServices(t *testing.T) {
	project := load(t)
	for name, want := range map[string]struct {
		command string
		after   map[string]string
	}{
		"postgres":           {},
		"temporal":           {after: map[string]string{"postgres": types.ServiceConditionHealthy, "temporal-schema": types.ServiceConditionCompletedSuccessfully}},
		"temporal-schema":    {after: map[string]string{"postgres": types.ServiceConditionHealthy}},
		"temporal-namespace": {after: map[string]string{"temporal": types.ServiceConditionHealthy}},
		"temporal-ui":        {after: map[string]string{"temporal": types.ServiceConditionHealthy}},
		"migrate":            {command: "migrate", after: map[string]string{"postgres": types.ServiceConditionHealthy}},
		"api":                {command: "serve", after: map[string]string{"migrate": types.ServiceConditionCompletedSuccessfully, "temporal-namespace": types.ServiceConditionCompletedSuccessfully}},
		"worker":             {command: "work", after: map[string]string{"migrate": types.ServiceConditionCompletedSuccessfully, "temporal-namespace": types.ServiceConditionCompletedSuccessfully}},
	} {
		service, err := project.GetService(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want.command != "" && strings.Join(service.Command, " ") != want.command {
			t.Errorf("%s runs %q, want %q", name, service.Command, want.command)
		}
		for other, condition := range want.after {
			if got := service.DependsOn[other].Condition; got != condition {
				t.Errorf("%s waits for %s %q, want %q", name, other, got, condition)
			}
		}
		once := service.Restart == "no"
		if !once && name != "temporal-ui" && service.HealthCheck == nil {
			t.Errorf("%s has no health check", name)
		}
	}
}

// TestHardening protects the host from a service that was taken over, and its
// network from being asked in: no privileges, nothing writable, bounded, and
// published on loopback only.
func TestHardening(t *testing.T) {
	for name, s := range load(t).Services {
		if !s.ReadOnly || s.Privileged || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: want read_only, unprivileged, cap_drop ALL, no-new-privileges", name)
		}
		if len(s.CapAdd) > 0 && name != "postgres" {
			t.Errorf("%s adds capabilities %v", name, s.CapAdd)
		}
		if s.MemLimit <= 0 || s.PidsLimit <= 0 {
			t.Errorf("%s: memory limit %d, process limit %d, want both", name, s.MemLimit, s.PidsLimit)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s on %q, want loopback", name, port.Published, port.HostIP)
			}
		}
		for _, volume := range s.Volumes {
			if volume.Type == types.VolumeTypeBind && !volume.ReadOnly {
				t.Errorf("%s may write to %s", name, volume.Source)
			}
		}
		if s.NetworkMode == "host" || s.Pid == "host" || s.Ipc == "host" {
			t.Errorf("%s shares a namespace with the host", name)
		}
		if s.Build != nil && s.User != "65532:65532" {
			t.Errorf("%s runs as %q, want 65532:65532", name, s.User)
		}
	}
}

// TestSecretsByFile protects secrets from `docker inspect`: each is a file, and
// a process sees its own only.
func TestSecretsByFile(t *testing.T) {
	project := load(t)
	for name, secret := range project.Secrets {
		if secret.File == "" {
			t.Errorf("secret %s is not a file", name)
		}
	}
	for name, s := range project.Services {
		for key, value := range s.Environment {
			secretive := strings.Contains(key, "PASSWORD") || strings.Contains(key, "PWD") || strings.Contains(key, "KEY") || key == "DATABASE_URL"
			if secretive && (value == nil || !strings.HasPrefix(*value, "/run/secrets/")) {
				t.Errorf("%s: %s is not taken from a secret file", name, key)
			}
		}
	}
	for name, want := range map[string][]string{
		"api": {"master_key", "server_url"}, "worker": {"master_key", "server_url"}, "migrate": {"migrate_url"}, "temporal": {"temporal_password"},
	} {
		var got []string
		for _, secret := range project.Services[name].Secrets {
			got = append(got, secret.Source)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s sees the secrets %v, want %v", name, got, want)
		}
	}
}

// TestMountedFilesExist protects a start from an empty folder Docker makes in
// place of a file that was moved.
func TestMountedFilesExist(t *testing.T) {
	for name, s := range load(t).Services {
		for _, volume := range s.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(volume.Source); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
