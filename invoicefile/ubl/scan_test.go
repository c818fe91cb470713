package ubl

import (
	"strings"
	"testing"
)

// Protects T21: the scan itself makes nothing of what it looks at, so that four
// megabytes of empty elements cost no more than their bytes.
func TestScanAllocatesNothing(t *testing.T) {
	elements := []byte("<a>" + strings.Repeat("<a/>", 1<<20) + "</a>")
	refuses := testing.AllocsPerRun(1, func() {
		if err := scan(elements); err == nil {
			t.Error("1,048,576 elements pass")
		}
	})
	entities := []byte("<a>" + strings.Repeat(`<a b="&amp;">&#233;</a>`, 1<<12) + "</a>")
	passes := testing.AllocsPerRun(1, func() {
		if err := scan(entities); err != nil {
			t.Error(err)
		}
	})
	if refuses > 20 || passes > 20 {
		t.Errorf("%.0f allocations where it refuses, %.0f where it passes", refuses, passes)
	}
}
