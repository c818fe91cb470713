package script

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Failure says in words why a script came to nothing. It is the script's
// author's to mend, or shows that a limit was met.
type Failure struct {
	Line    int    `json:"line,omitempty"` // 1 is the first; 0 where no line is to blame
	Message string `json:"message"`
}

// Error names the line and what is wrong with it.
func (f *Failure) Error() string {
	if f.Line == 0 {
		return f.Message
	}
	return fmt.Sprintf("Line %d: %s", f.Line, f.Message)
}

func failuref(format string, args ...any) *Failure {
	return &Failure{Message: fmt.Sprintf(format, args...)}
}

// maxMessage bounds a failure's words, which a script may choose by fail(...).
const maxMessage = 300

var undefined = regexp.MustCompile(`^undefined: (\S+)`)

// failureOf puts an error of the interpreter into a sentence with its line.
func failureOf(err error) *Failure {
	var (
		failure *Failure
		wrong   syntax.Error
		names   resolve.ErrorList
		running *starlark.EvalError
	)
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.As(err, &wrong):
		return at(wrong.Pos, wrong.Msg)
	case errors.As(err, &names) && len(names) > 0:
		message := names[0].Msg
		if name := undefined.FindStringSubmatch(message); name != nil {
			message = "`" + name[1] + "` is unknown."
		}
		return at(names[0].Pos, message)
	case errors.As(err, &running):
		message := running.Msg
		if strings.Contains(message, "too many steps") {
			message = fmt.Sprintf("It took more than %d steps.", maxSteps)
		}
		for n := range running.CallStack {
			if frame := running.CallStack.At(n); frame.Pos.Filename() == fileName && frame.Pos.Line > 0 {
				return at(frame.Pos, message)
			}
		}
		return failuref("%s", short(message))
	}
	return failuref("%s", short(err.Error()))
}

func at(pos syntax.Position, message string) *Failure {
	return &Failure{Line: int(pos.Line), Message: short(message)}
}

// short is a message of one line and a bounded length.
func short(message string) string {
	message = strings.Join(strings.Fields(strings.ToValidUTF8(message, "")), " ")
	if runes := []rune(message); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return message
}
