package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
)

// TestBillNamesWhatIsLinked protects readers of the bill: this test's own
// program links the CycloneDX library, so its bill has that library with its
// version and hash.
func TestBillNamesWhatIsLinked(t *testing.T) {
	var out bytes.Buffer
	if err := write(&out, os.Args[0]); err != nil {
		t.Fatal(err)
	}
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(&out, cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	for _, c := range *bom.Components {
		if c.Name == "github.com/CycloneDX/cyclonedx-go" {
			if c.Version == "" || c.Hashes == nil {
				t.Errorf("got %+v, want its version and hash", c)
			}
			return
		}
	}
	t.Errorf("%d components without the library this test links", len(*bom.Components))
}
