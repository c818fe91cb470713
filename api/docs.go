package api

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed docs.html
var docsTemplate string

//go:embed docs.css
var docsCSS []byte

// docs answers the contract as a page.
func docs(c *call) (answer, error) {
	return answer{status: http.StatusOK, raw: c.server.docs, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}}, nil
}

func docsStyle(*call) (answer, error) {
	return answer{status: http.StatusOK, raw: docsCSS, header: http.Header{"Content-Type": {"text/css; charset=utf-8"}}}, nil
}

// theDocs are the page of the one contract, made once in a process.
var theDocs = sync.OnceValues(func() ([]byte, error) {
	c, err := loadContract()
	if err != nil {
		return nil, err
	}
	return renderDocs(c)
})

// renderDocs makes the page.
func renderDocs(c *contract) ([]byte, error) {
	object := func(name string) bool { return c.doc.Components.Schemas[name] != nil }
	page, err := template.New("docs").Funcs(template.FuncMap{"prose": prose, "anchor": anchor, "object": object}).Parse(docsTemplate)
	if err != nil {
		return nil, fmt.Errorf("docs.html: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, docsOf(c)); err != nil {
		return nil, fmt.Errorf("docs.html: %w", err)
	}
	return out.Bytes(), nil
}

type docsPage struct {
	Title, Description string
	Groups             []docsGroup
	Schemas            []docsSchema
	Codes              []docsCode
}

type docsGroup struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, Description, Permission string
	Parameters                                         []docsField
	Body                                               []docsBody
	Answers                                            []docsAnswer
}

type docsBody struct{ Media, Schema string }

type docsAnswer struct {
	Status, Description, Schema string
	Codes                       []string
}

type docsSchema struct {
	Name, Description string
	Fields            []docsField
}

type docsField struct {
	Name, Where, Type, Rules, Description string
	Required                              bool
}

type docsCode struct{ Code, Description string }

func docsOf(c *contract) docsPage {
	page := docsPage{Title: c.doc.Info.Title, Description: c.doc.Info.Description}
	for _, tag := range c.doc.Tags {
		group := docsGroup{Name: tag.Name}
		for _, op := range c.operations {
			if slices.Contains(op.spec.Tags, tag.Name) {
				group.Operations = append(group.Operations, docsOperationOf(c, op))
			}
		}
		sort.Slice(group.Operations, func(i, j int) bool {
			a, b := group.Operations[i], group.Operations[j]
			return a.Path+" "+a.Method < b.Path+" "+b.Method
		})
		page.Groups = append(page.Groups, group)
	}
	for name, schema := range c.doc.Components.Schemas {
		if len(schema.Value.Properties) > 0 {
			page.Schemas = append(page.Schemas, docsSchema{Name: name, Description: schema.Value.Description, Fields: docsFields("", schema.Value)})
		}
	}
	sort.Slice(page.Schemas, func(i, j int) bool { return page.Schemas[i].Name < page.Schemas[j].Name })
	if codes, is := c.doc.Extensions["x-codes"].(map[string]any); is {
		for code, description := range codes {
			page.Codes = append(page.Codes, docsCode{code, fmt.Sprint(description)})
		}
	}
	sort.Slice(page.Codes, func(i, j int) bool { return page.Codes[i].Code < page.Codes[j].Code })
	return page
}

func docsOperationOf(c *contract, op *operation) docsOperation {
	d := docsOperation{
		ID: op.id, Method: op.method, Path: op.path, Summary: op.spec.Summary, Description: op.spec.Description,
		Permission: fmt.Sprint(op.spec.Extensions["x-permission"]),
	}
	parameters := append(append(openapi3.Parameters{}, c.doc.Paths.Value(op.path).Parameters...), op.spec.Parameters...)
	for _, ref := range parameters {
		p := ref.Value
		d.Parameters = append(d.Parameters, docsField{
			Name: p.Name, Where: p.In, Type: typeOf(p.Schema), Rules: rulesOf(p.Schema.Value), Description: p.Description, Required: p.Required,
		})
	}
	if op.spec.RequestBody != nil {
		for _, media := range op.media {
			d.Body = append(d.Body, docsBody{media, typeOf(op.spec.RequestBody.Value.Content[media].Schema)})
		}
	}
	codes, _ := op.spec.Extensions["x-codes"].(map[string]any)
	for status, ref := range op.spec.Responses.Map() {
		a := docsAnswer{Status: status, Description: *ref.Value.Description}
		for _, content := range ref.Value.Content {
			a.Schema = typeOf(content.Schema)
		}
		if list, is := codes[status].([]any); is {
			for _, code := range list {
				a.Codes = append(a.Codes, fmt.Sprint(code))
			}
		}
		d.Answers = append(d.Answers, a)
	}
	sort.Slice(d.Answers, func(i, j int) bool { return d.Answers[i].Status < d.Answers[j].Status })
	return d
}

// docsFields lists an object's fields, those of objects inside it as
// outer.inner.
func docsFields(prefix string, schema *openapi3.Schema) []docsField {
	names := make([]string, 0, len(schema.Properties))
	for name := range schema.Properties {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool { return order(schema, names[i]) < order(schema, names[j]) })
	var fields []docsField
	for _, name := range names {
		ref := schema.Properties[name]
		value := ref.Value
		fields = append(fields, docsField{
			Name: prefix + name, Type: typeOf(ref), Rules: rulesOf(value), Description: value.Description, Required: slices.Contains(schema.Required, name),
		})
		inner, at := value, prefix+name+"."
		if value.Items != nil && value.Items.Ref == "" {
			inner, at = value.Items.Value, prefix+name+"[]."
		}
		if ref.Ref == "" && len(inner.Properties) > 0 {
			fields = append(fields, docsFields(at, inner)...)
		}
	}
	return fields
}

// order puts required fields first, in the order the contract requires them.
func order(schema *openapi3.Schema, name string) string {
	if i := slices.Index(schema.Required, name); i >= 0 {
		return fmt.Sprintf("%03d", i)
	}
	return "999" + name
}

// typeOf names a schema: the object it refers to, or its own type.
func typeOf(ref *openapi3.SchemaRef) string {
	switch schema := ref.Value; {
	case ref.Ref != "" && len(schema.Properties) > 0:
		return strings.TrimPrefix(ref.Ref, "#/components/schemas/")
	case len(schema.AllOf) == 1:
		return typeOf(schema.AllOf[0]) + orNullWord(schema)
	case schema.Items != nil:
		return "list of " + typeOf(schema.Items) + orNullWord(schema)
	case schema.Format != "":
		return strings.Join(schema.Type.Slice(), " ") + " (" + schema.Format + ")" + orNullWord(schema)
	default:
		return strings.Join(schema.Type.Slice(), " ") + orNullWord(schema)
	}
}

func orNullWord(schema *openapi3.Schema) string {
	if schema.Nullable {
		return " or null"
	}
	return ""
}

// rulesOf says what a value must keep to.
func rulesOf(schema *openapi3.Schema) string {
	if len(schema.AllOf) == 1 {
		return rulesOf(schema.AllOf[0].Value)
	}
	var rules []string
	if len(schema.Enum) > 0 {
		options := make([]string, 0, len(schema.Enum))
		for _, option := range schema.Enum {
			if option != nil {
				options = append(options, fmt.Sprint(option))
			}
		}
		rules = append(rules, strings.Join(options, ", "))
	}
	if schema.MinLength == 1 {
		rules = append(rules, "not empty")
	} else if schema.MinLength > 1 {
		rules = append(rules, fmt.Sprintf("at least %d characters", schema.MinLength))
	}
	if schema.MaxLength != nil {
		rules = append(rules, fmt.Sprintf("at most %d characters", *schema.MaxLength))
	}
	if schema.Min != nil {
		rules = append(rules, "from "+whole(*schema.Min))
	}
	if schema.Max != nil {
		rules = append(rules, "to "+whole(*schema.Max))
	}
	if schema.MaxItems != nil {
		rules = append(rules, fmt.Sprintf("at most %d entries", *schema.MaxItems))
	}
	if words, is := schema.Extensions["x-says"].(string); is {
		rules = append(rules, words)
	}
	return strings.Join(rules, "; ")
}

var (
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	strongSpan = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// prose is a description of the contract as HTML: paragraphs, code and bold.
func prose(text string) template.HTML {
	var out strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		escaped := template.HTMLEscapeString(paragraph)
		escaped = codeSpan.ReplaceAllString(escaped, "<code>$1</code>")
		escaped = strongSpan.ReplaceAllString(escaped, "<strong>$1</strong>")
		if paragraph != "" {
			out.WriteString("<p>" + escaped + "</p>")
		}
	}
	return template.HTML(out.String()) //nolint:gosec // escaped above; the text is the embedded document's
}

func anchor(kind, name string) string { return kind + "-" + strings.ReplaceAll(name, " ", "-") }
