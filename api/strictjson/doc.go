// Package strictjson reads the JSON body of a request into a struct and takes
// nothing it does not understand.
//
// It owns the form of a body: size, media type, UTF-8, nesting, names, and the
// exact reading of numbers. It does not own what values mean: ranges,
// currencies and states are the command's to check.
//
// Invariants: one JSON object and nothing after it; a name counts only as the
// struct's json tag spells it, once; a name the struct does not have is an
// error (so a request type is also the list of what may be set); an integer is
// taken digit by digit, never through a float; every error names the field and
// never repeats a value.
//
// encoding/json alone takes the last of two equal names, "AMOUNT" for
// "amount", unknown names and invalid UTF-8. Its successor, encoding/json/v2,
// does not, but is behind GOEXPERIMENT in Go 1.26.
package strictjson
