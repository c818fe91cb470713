package smtp

import (
	"errors"
	"strings"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"remit"
)

// Result is what became of a mail.
type Result string

// The results.
const (
	Sent    Result = "sent"    // the server has taken it
	Later   Result = "later"   // it was not taken; another try may help
	Bounced Result = "bounced" // its receiver is refused for good
	Failed  Result = "failed"  // it is refused for good
	Unknown Result = "unknown" // the server may have taken it
)

// Outcome is a result, and why in the server's words.
type Outcome struct {
	Result Result
	Why    string
}

// outcomeOf reads an answer by how far the mail had come: before its content was
// sent nothing can have been taken; after that, only the server's word says so.
func outcomeOf(err error) Outcome {
	if err == nil {
		return Outcome{Result: Sent}
	}
	failure, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return Outcome{Unknown, brief(err)}
	}
	code, why := failure.ErrorCode(), brief(err)
	switch failure.Reason {
	case gomail.ErrSMTPReset:
		return Outcome{Result: Sent} // what failed came after it
	case gomail.ErrWriteContent, gomail.ErrSMTPDataClose, gomail.ErrAmbiguous:
		if code == 0 {
			return Outcome{Unknown, why}
		}
	case gomail.ErrSMTPRcptTo:
		if code >= 500 {
			return Outcome{Bounced, why}
		}
	case gomail.ErrGetSender, gomail.ErrGetRcpts, gomail.ErrNoUnencoded:
		return Outcome{Failed, why}
	case gomail.ErrSMTPMailFrom, gomail.ErrSMTPData, gomail.ErrConnCheck:
	}
	if code >= 500 {
		return Outcome{Failed, why}
	}
	return Outcome{Later, why}
}

// brief makes one line of an error, of at most 300 characters, without what Remit
// knows itself.
func brief(err error) string {
	text, _, _ := strings.Cut(err.Error(), ", affected ")
	line := oneLine(text)
	for utf8.RuneCountInString(line) > 300 {
		_, size := utf8.DecodeLastRuneInString(line)
		line = line[:len(line)-size]
	}
	return line
}

// oneLine makes a text fit for a header.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if remit.Unseen(r) {
			return ' '
		}
		return r
	}, text)), " ")
}
