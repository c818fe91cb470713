package remit_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each failure of docs/failures.md has the tests it names, and each test that is
// named after a failure is listed with it.
func TestFailuresElsewhereHaveTheirTests(t *testing.T) {
	doc, err := os.ReadFile("docs/failures.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string][]string{}
	row := regexp.MustCompile(`(?m)^\| (\d+) \| .+ \| .+ \| (.*) \|$`)
	name := regexp.MustCompile("`(Test\\w+)`")
	for _, found := range row.FindAllStringSubmatch(string(doc), -1) {
		number := fmt.Sprintf("%02s", found[1])
		if listed[number] != nil {
			t.Errorf("failure %s is listed twice", number)
		}
		for _, test := range name.FindAllStringSubmatch(found[2], -1) {
			listed[number] = append(listed[number], test[1])
		}
	}
	written := map[string][]string{}
	named := regexp.MustCompile(`(?m)^func (Test\w*Failure(\d\d)\w+)\(`)
	err = filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, found := range named.FindAllStringSubmatch(string(source), -1) {
			written[found[2]] = append(written[found[2]], found[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for number, tests := range written {
		for _, test := range tests {
			if !slices.Contains(listed[number], test) {
				t.Errorf("%s is not listed with failure %s", test, number)
			}
		}
	}
	for number, tests := range listed {
		for _, test := range tests {
			if !slices.Contains(written[number], test) {
				t.Errorf("failure %s lists %s, which there is not", number, test)
			}
		}
	}
	var want []string
	for _, group := range [][2]int{{1, 57}} {
		for n := group[0]; n <= group[1]; n++ {
			want = append(want, fmt.Sprintf("%02d", n))
		}
	}
	if got := slices.Sorted(maps.Keys(listed)); !slices.Equal(got, want) {
		t.Errorf("listed are %v, want %v", got, want)
	}
}
