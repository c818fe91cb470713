package browsertest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"remit/portal/storybook"
)

//go:embed testdata/axe.min.js
var axe string

// looks are the ways every page is looked at.
var looks = []struct {
	theme  string
	width  int64
	height int64
}{{"light", 1280, 900}, {"dark", 1280, 900}, {"light", 360, 740}, {"dark", 360, 740}}

// Protects people who read with a screen reader, a keyboard or little sight,
// and everybody on a small screen: axe-core finds nothing, nothing scrolls
// sideways at 320 pixels, and the browser has nothing to complain about.
func TestPagesInABrowser(t *testing.T) {
	server := httptest.NewServer(storybook.Handler())
	defer server.Close()
	tab := browser(t)
	for _, name := range storybook.Names() {
		if only := os.Getenv("REMIT_STORY"); !strings.Contains(name, only) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			address := server.URL + (&url.URL{Path: "/story/" + name}).EscapedPath()
			if err := chromedp.Do(tab, chromedp.Navigate(address)); err != nil {
				t.Fatal(err)
			}
			for _, look := range looks {
				wear := fmt.Sprintf(`document.documentElement.dataset.theme = %q`, look.theme)
				if _, err := chromedp.Run(tab, chromedp.Evaluate[string](wear)); err != nil {
					t.Fatal(err)
				}
				if err := chromedp.Do(tab, chromedp.EmulateViewport(look.width, look.height)); err != nil {
					t.Fatal(err)
				}
				audit(tab, t, fmt.Sprintf("%s at %d", look.theme, look.width))
				shoot(tab, t, fmt.Sprintf("%s.%s.%d", name, look.theme, look.width))
			}
			if err := chromedp.Do(tab, chromedp.EmulateViewport(320, 640)); err != nil {
				t.Fatal(err)
			}
			const wide = `document.documentElement.scrollWidth <= 320 ? "" : [...document.querySelectorAll("body *")]
				.filter(e => e.getBoundingClientRect().right > 320 && !e.closest(".scroll")).map(e => e.tagName + "." + e.className).join(" ")`
			culprits, err := chromedp.Run(tab, chromedp.Evaluate[string](wide))
			if err != nil || culprits != "" {
				t.Errorf("wider than a window of 320 pixels: %s %v", culprits, err)
			}
		})
	}
}

// browser starts Chromium and gives one tab of it; without Chromium the test
// fails.
func browser(t *testing.T) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Fatal("there is no Chromium on the PATH; install the package chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
		// Colours change at once, so that what is measured is what stays.
		chromedp.Flag("force-prefers-reduced-motion", true))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	if err := chromedp.Do(tab); err != nil {
		t.Fatal(err)
	}
	return tab
}

type finding struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Where string `json:"where"`
}

// audit runs axe-core and reports what it finds.
func audit(tab context.Context, t *testing.T, look string) {
	t.Helper()
	const run = `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.flatMap(v =>
		v.nodes.map(n => ({id: v.id, help: v.help, where: n.target.join(" ") + " " + (n.any[0] ? n.any[0].message : "")})))))`
	here, err := chromedp.Run(tab, chromedp.Evaluate[bool](`typeof axe !== "undefined"`))
	if err == nil && !here {
		_, err = chromedp.Run(tab, chromedp.Evaluate[chromedp.Void](axe))
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(tab, chromedp.Evaluate[string](run, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	var found []finding
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Errorf("%s: %s (%s): %s", look, f.ID, f.Help, f.Where)
	}
}

// shoot leaves a picture of the whole page where pictures are asked for.
func shoot(tab context.Context, t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("REMIT_SHOTS")
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, strings.NewReplacer("/", "_", " ", "-").Replace(name)+".png")
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		t.Fatal(err)
	}
}
