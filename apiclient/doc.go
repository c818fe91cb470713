// Package apiclient speaks Remit's HTTP API: signed in like a browser, or with
// an API token. The command line and the demo use it, so that what they do goes
// through the same front door as everybody's requests.
//
// It owns requests, answers and problems as they are on the wire. It does not
// own what is asked for, nor any retry.
package apiclient
