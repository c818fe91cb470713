package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

// Limits of what a script may cost.
const (
	MaxSource = 64 << 10 // bytes
	maxSteps  = 1_000_000
	maxPrint  = 4 << 10 // bytes
	maxDepth  = 8       // of what it gives back
)

const fileName = Name + ".star"

// Result is what a script asks for, and what it printed.
type Result struct {
	Effects []Effect
	Printed string
}

// Evaluate runs a script in this process, bounded in its steps and not in its
// memory: it is for [Shipped] and for the inside of a process of its own.
// Returns [Failure].
func Evaluate(source string, in Input) (Result, error) {
	given, printed, err := call(source, in)
	if err != nil {
		return Result{Printed: printed}, failureOf(err)
	}
	effects, err := effectsOf(given)
	return Result{Effects: effects, Printed: printed}, err
}

// call gives back what the script's function did, as JSON and unchecked.
func call(source string, in Input) (effects []json.RawMessage, printed string, err error) {
	if len(source) > MaxSource {
		return nil, "", failuref("It is longer than %d KiB.", MaxSource>>10)
	}
	var out strings.Builder
	thread := &starlark.Thread{Name: Name, Print: func(_ *starlark.Thread, text string) {
		if out.Len()+len(text) < maxPrint {
			fmt.Fprintln(&out, text)
		}
	}}
	thread.SetMaxExecutionSteps(maxSteps)
	globals, err := starlark.ExecFileOptions(&syntax.FileOptions{}, thread, fileName, source, nil)
	if err != nil {
		return nil, out.String(), err
	}
	function, found := globals[Function].(*starlark.Function)
	if !found {
		return nil, out.String(), failuref("It does not define %s(invoice, payment).", Function)
	}
	args, err := arguments(in)
	if err != nil {
		return nil, "", err
	}
	value, err := starlark.Call(thread, function, args, nil)
	if err != nil {
		return nil, out.String(), err
	}
	effects, err = given(value)
	return effects, out.String(), err
}

// arguments are invoice and payment as frozen structs.
func arguments(in Input) (starlark.Tuple, error) {
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("write a script's input: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var values struct{ Invoice, Payment any }
	if err := decoder.Decode(&values); err != nil {
		return nil, fmt.Errorf("read a script's input: %w", err)
	}
	args := starlark.Tuple{toStarlark(values.Invoice), toStarlark(values.Payment)}
	args.Freeze()
	return args, nil
}

func toStarlark(value any) starlark.Value {
	switch v := value.(type) {
	case string:
		return starlark.String(v)
	case bool:
		return starlark.Bool(v)
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return starlark.String(v.String())
		}
		return starlark.MakeInt64(n)
	case []any:
		list := make([]starlark.Value, len(v))
		for n := range v {
			list[n] = toStarlark(v[n])
		}
		return starlark.NewList(list)
	case map[string]any:
		fields := starlark.StringDict{}
		for key, each := range v {
			fields[key] = toStarlark(each)
		}
		return starlarkstruct.FromStringDict(starlarkstruct.Default, fields)
	}
	return starlark.NewList(nil) // JSON's null stands only for lists without an element
}

// given reads the list of effects a script gives back.
func given(value starlark.Value) ([]json.RawMessage, error) {
	if value == starlark.None {
		return nil, nil
	}
	list, is := value.(starlark.Indexable)
	if _, text := value.(starlark.String); !is || text {
		return nil, failuref("%s gives back a list of effects, not a %s.", Function, value.Type())
	}
	if list.Len() > MaxEffects {
		return nil, failuref("It asks for %d things; %d is the most.", list.Len(), MaxEffects)
	}
	effects := make([]json.RawMessage, list.Len())
	for n := range effects {
		plain, err := toPlain(list.Index(n), 0)
		if err != nil {
			return nil, err
		}
		if effects[n], err = json.Marshal(plain); err != nil {
			return nil, fmt.Errorf("write an effect: %w", err)
		}
	}
	return effects, nil
}

func tooMuch() *Failure { return failuref("It gave back more than %d KiB.", maxOutput>>10) }

func toPlain(value starlark.Value, depth int) (any, error) {
	if depth > maxDepth {
		return nil, failuref("What it gives back is nested more than %d deep.", maxDepth)
	}
	switch v := value.(type) {
	case starlark.String:
		if len(v) > maxOutput { // before it is copied a few times on its way out
			return nil, tooMuch()
		}
		return string(v), nil
	case starlark.NoneType:
		return nil, nil
	case starlark.Bool:
		return bool(v), nil
	case starlark.Int:
		if n, small := v.Int64(); small {
			return n, nil
		}
		return nil, failuref("What it gives back holds a number beyond 64 bits.")
	case *starlark.Dict:
		dict := make(map[string]any, v.Len())
		for _, item := range v.Items() {
			key, is := starlark.AsString(item[0])
			if !is {
				return nil, failuref("A key of what it gives back is a %s, not a text.", item[0].Type())
			}
			each, err := toPlain(item[1], depth+1)
			if err != nil {
				return nil, err
			}
			dict[key] = each
		}
		return dict, nil
	case starlark.Indexable:
		list := make([]any, v.Len())
		for n := range list {
			each, err := toPlain(v.Index(n), depth+1)
			if err != nil {
				return nil, err
			}
			list[n] = each
		}
		return list, nil
	}
	return nil, failuref("What it gives back holds a %s; use texts, numbers, lists and dicts.", value.Type())
}
