package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"remit"
)

// check holds a decoded JSON value against a schema of the contract. A wrong
// form (a name missing or unknown, a wrong type) is malformed and outranks wrong
// values, which are invalid. No message repeats a value: it may be a secret.
func (c *contract) check(schema *openapi3.Schema, value any) error {
	err := c.doc.ValidateSchemaJSON(schema, value, openapi3.MultiErrors(), openapi3.VisitAsRequest(), openapi3.EnableFormatValidation())
	if err == nil {
		return nil
	}
	var forms, values []remit.FieldError
	collect(err, func(e *openapi3.SchemaError) {
		path := e.JSONPointer()
		field := remit.FieldError{Field: fieldName(path), Message: sentence(path, says(e))}
		if isForm(e) {
			forms = append(forms, field)
		} else {
			values = append(values, field)
		}
	})
	if len(forms)+len(values) == 0 {
		return remit.Errorf(remit.KindInvalid, remit.CodeInvalid, "The body is not what this route takes.")
	}
	return fieldErrors(forms, values)
}

// fieldErrors is the error for wrong fields; forms outrank values.
func fieldErrors(forms, values []remit.FieldError) error {
	e := &remit.Error{Kind: remit.KindInvalid, Code: remit.CodeInvalid, Fields: values}
	if len(forms) > 0 {
		e = &remit.Error{Kind: remit.KindMalformed, Code: remit.CodeMalformed, Fields: forms}
	}
	e.Fields = slices.CompactFunc(e.Fields, func(a, b remit.FieldError) bool { return a == b })
	e.Message = e.Fields[0].Message
	if len(e.Fields) > 1 {
		e.Message = fmt.Sprintf("There are %d problems with the request.", len(e.Fields))
	}
	return e
}

// collect visits the single errors in a tree of them; each knows its whole path.
func collect(err error, visit func(e *openapi3.SchemaError)) {
	switch e := err.(type) { //nolint:errorlint // the tree is walked level by level
	case openapi3.MultiError:
		for _, each := range e {
			collect(each, visit)
		}
	case *openapi3.SchemaError:
		var inside openapi3.MultiError
		if e.SchemaField == "allOf" && errors.As(e.Origin, &inside) {
			collect(inside, visit)
			return
		}
		visit(e)
	}
}

// isForm tells a wrong form from a wrong value. A number of the wrong sort, such
// as 1.5 for an amount, is a value.
func isForm(e *openapi3.SchemaError) bool {
	switch e.SchemaField {
	case "required", "properties", "nullable", "minProperties":
		return true
	default:
		return !typeFits(e.Schema, e.Value)
	}
}

// typeFits reports whether a value is of a schema's type, any number being of a
// numeric one.
func typeFits(schema *openapi3.Schema, value any) bool {
	permits := schema.Type.Permits
	switch value.(type) {
	case string:
		return permits(openapi3.TypeString)
	case json.Number, float64: // kin-openapi turns the one into the other on its way
		return permits(openapi3.TypeInteger) || permits(openapi3.TypeNumber)
	case bool:
		return permits(openapi3.TypeBoolean)
	case []any:
		return permits(openapi3.TypeArray)
	case map[string]any:
		return permits(openapi3.TypeObject)
	default:
		return false
	}
}

// says puts into words what is wrong with a field.
func says(e *openapi3.SchemaError) string {
	schema := e.Schema
	switch e.SchemaField {
	case "required":
		return "is required"
	case "properties":
		return "is not a field of this request"
	case "nullable":
		return "must not be null"
	case "minProperties":
		return "must not be empty"
	}
	words, told := schema.Extensions["x-says"].(string)
	if !typeFits(schema, e.Value) {
		if what, is := strings.CutPrefix(words, "must be "); is {
			return "must be " + article(schema) + ": " + what
		}
		return "must be " + article(schema)
	}
	if told && e.SchemaField == "pattern" {
		return words
	}
	switch e.SchemaField {
	case "enum":
		options := make([]string, 0, len(schema.Enum))
		for _, option := range schema.Enum {
			if option != nil {
				options = append(options, fmt.Sprint(option))
			}
		}
		return "must be one of " + strings.Join(options, ", ")
	case "type":
		return "must be a whole number, and not too large a one"
	case "minimum":
		return "must be at least " + whole(*schema.Min)
	case "maximum":
		return "must be at most " + whole(*schema.Max)
	case "minLength":
		if schema.MinLength == 1 {
			return "must not be empty"
		}
		return fmt.Sprintf("must have at least %d characters", schema.MinLength)
	case "maxLength":
		return fmt.Sprintf("must have at most %d characters", *schema.MaxLength)
	case "minItems":
		return fmt.Sprintf("must have at least %d entries", schema.MinItems)
	case "maxItems":
		return fmt.Sprintf("must have at most %d entries", *schema.MaxItems)
	case "format":
		return formatWords[schema.Format]
	default:
		return "has the wrong form"
	}
}

var formatWords = map[string]string{
	"uuid":           "must be an id",
	"date":           "must be a date such as 2026-04-01",
	"date-time":      "must be a time such as 2026-04-01T09:00:00Z",
	"int64":          "is out of range",
	"email":          "must be an e-mail address",
	"email-or-empty": "must be an e-mail address",
}

func article(schema *openapi3.Schema) string {
	switch {
	case schema.Type.Permits(openapi3.TypeString):
		return "a string"
	case schema.Type.Permits(openapi3.TypeInteger):
		return "a whole number"
	case schema.Type.Permits(openapi3.TypeBoolean):
		return "true or false"
	case schema.Type.Permits(openapi3.TypeArray):
		return "a list"
	default:
		return "an object"
	}
}

// whole writes a bound of the contract, all of which are whole numbers far
// below 2^53.
func whole(bound float64) string { return strconv.FormatInt(int64(bound), 10) }

// sentence is a message that stands by itself: the field's last name and what
// is said of it.
func sentence(path []string, words string) string {
	name := "The body"
	for _, part := range path {
		if _, err := strconv.Atoi(part); err != nil {
			name = strings.ReplaceAll(part, "_", " ")
			name = "The " + name
		}
	}
	return name + " " + words + "."
}

// entry names an entry of a list, as in lines[0].
func entry(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }

// fieldName writes a JSON pointer the way people write it: lines[0].amount.
func fieldName(pointer []string) string {
	var name strings.Builder
	for i, part := range pointer {
		if _, err := strconv.Atoi(part); err == nil && i > 0 {
			name.WriteString("[" + part + "]")
			continue
		}
		if i > 0 {
			name.WriteByte('.')
		}
		name.WriteString(part)
	}
	return name.String()
}
