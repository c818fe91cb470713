// Package browsertest looks at the storybook's pages in Chromium: axe-core finds
// no fault in any state, light or dark, on a telephone or a desk, and no page
// scrolls sideways.
//
// With REMIT_SHOTS=folder it leaves a picture of each there.
package browsertest
