package api

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

func theContract(t *testing.T) *contract {
	t.Helper()
	c, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Protects the contract: what is served at /openapi.yaml is valid OpenAPI.
func TestContractIsOpenAPI(t *testing.T) {
	c := theContract(t)
	if err := c.doc.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
	if c.doc.OpenAPI != "3.0.3" {
		t.Errorf("OpenAPI %s, want 3.0.3", c.doc.OpenAPI)
	}
}

// Protects the contract: the routes are its operations, no more and no fewer.
func TestRoutesAreTheContract(t *testing.T) {
	c := theContract(t)
	var have, want []string
	for _, r := range routes {
		have = append(have, r.operation)
	}
	for id := range c.operations {
		want = append(want, id)
	}
	slices.Sort(have)
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("operations of openapi.yaml (-) and routes (+):\n%s", diff)
	}
}

// Protects callers: every operation says who may use it and lists each error it
// can answer with, and every code that is listed is described.
func TestOperationsAreComplete(t *testing.T) {
	c := theContract(t)
	known, _ := c.doc.Extensions["x-codes"].(map[string]any)
	for id, op := range c.operations {
		t.Run(id, func(t *testing.T) {
			if op.spec.Summary == "" || len(op.spec.Tags) != 1 {
				t.Error("needs a summary and one tag")
			}
			if s, _ := op.spec.Extensions["x-permission"].(string); s == "" {
				t.Error("needs x-permission")
			}
			for _, status := range requiredAnswers(op) {
				if op.spec.Responses.Value(status) == nil {
					t.Errorf("does not list %s", status)
				}
			}
			if takesKey := op.method == "POST" && !op.public && id != "confirmSession"; op.keyed != takesKey {
				t.Errorf("takes an Idempotency-Key: %t, want %t", op.keyed, takesKey)
			}
			codes, _ := op.spec.Extensions["x-codes"].(map[string]any)
			for status, list := range codes {
				if op.spec.Responses.Value(status) == nil {
					t.Errorf("x-codes for %s, which is not an answer", status)
				}
				for _, code := range list.([]any) {
					if known[code.(string)] == nil {
						t.Errorf("the code %s is not described in the document's x-codes", code)
					}
				}
			}
		})
	}
}

// Protects callers who branch on codes: each one that the program can answer
// with is described.
func TestEveryCodeIsDescribed(t *testing.T) {
	known, _ := theContract(t).doc.Extensions["x-codes"].(map[string]any)
	constant := regexp.MustCompile(`Code\w+ += "([a-z_]+)"`)
	literal := regexp.MustCompile(`(?:Conflict|Errorf)\((?:remit\.Kind\w+, )?"([a-z_]+)"`)
	found := 0
	for glob, pattern := range map[string]*regexp.Regexp{"../error.go": constant, "../commands/*.go": literal, "../activities/*.go": literal} {
		names, err := filepath.Glob(glob)
		if err != nil || len(names) == 0 {
			t.Fatalf("no files %s: %v", glob, err)
		}
		for _, name := range names {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range pattern.FindAllStringSubmatch(string(source), -1) {
				found++
				if known[match[1]] == nil {
					t.Errorf("%s answers %s, which is not described in the document's x-codes", name, match[1])
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("found %d codes only", found)
	}
}

func requiredAnswers(op *operation) []string {
	var list []string
	if !op.public {
		list = append(list, "401")
	}
	if len(op.ids) > 0 && !strings.HasPrefix(op.path, "/webhooks") {
		list = append(list, "404")
	}
	if len(op.query.Properties) > 0 {
		list = append(list, "400")
	}
	if op.query.Properties["organisation"] != nil {
		list = append(list, "404")
	}
	if op.body != nil && strings.HasPrefix(op.path, "/v1/") {
		list = append(list, "400", "413", "415", "422")
	}
	if op.keyed {
		list = append(list, "409", "422")
	}
	return list
}

// Protects against mass assignment and unbounded input (ASVS 2.1.1, T25): no
// request object takes names it does not list, and each value has a rule.
func TestRequestFieldsHaveRules(t *testing.T) {
	for id, op := range theContract(t).operations {
		if op.body == nil || strings.HasPrefix(op.path, "/webhooks") {
			continue
		}
		t.Run(id, func(t *testing.T) {
			walkSchema("", op.body, func(path string, s *openapi3.Schema) {
				if problem := unruled(s); problem != "" {
					t.Errorf("%s: %s", path, problem)
				}
			})
		})
	}
}

// unruled says what rule a request's schema lacks.
func unruled(s *openapi3.Schema) string {
	switch {
	case s.Type.Is("object"):
		if s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has {
			return "additionalProperties is not false"
		}
	case s.Type.Is("string"):
		if s.MaxLength == nil && len(s.Enum) == 0 && !slices.Contains([]string{"uuid", "date", "date-time"}, s.Format) &&
			(s.Pattern == "" || strings.ContainsAny(s.Pattern, "*+")) {
			return "a string without a bound"
		}
		if s.Pattern != "" && s.Extensions["x-says"] == nil {
			return "a pattern without x-says"
		}
	case s.Type.Is("integer"):
		if s.Min == nil || s.Max == nil {
			return "a number without bounds"
		}
	case s.Type.Is("array"):
		if s.MaxItems == nil {
			return "a list without a bound"
		}
	case s.Type.Is("boolean"):
	default:
		return "no type"
	}
	return ""
}

func walkSchema(path string, s *openapi3.Schema, visit func(path string, s *openapi3.Schema)) {
	for len(s.AllOf) == 1 {
		s = s.AllOf[0].Value
	}
	visit(path, s)
	for name, p := range s.Properties {
		walkSchema(path+"."+name, p.Value, visit)
	}
	if s.Items != nil {
		walkSchema(path+"[]", s.Items.Value, visit)
	}
}

// wires are the structs that bodies are read into.
var wires = map[string]any{
	"signIn": signInWire{}, "finishSignIn": codeWire{}, "confirmSession": confirmWire{}, "changePassword": passwordWire{},
	"setSecondFactor": setupWire{}, "acceptInvitation": tokenPasswordWire{}, "requestPasswordReset": resetRequestWire{},
	"completePasswordReset": tokenPasswordWire{}, "inviteUser": invitationWire{}, "updateUser": userChangeWire{}, "createApiToken": tokenWire{},
	"createOrganisation": organisationWire{}, "updateOrganisation": organisationChangeWire{}, "putRole": roleWire{}, "createGrant": grantWire{},
	"setWorkItemStep": assigneeWire{}, "setPaymentSettings": paymentSettingsWire{},
	"setAfterPaymentScript": scriptWire{}, "testAfterPaymentScript": scriptTrialWire{}, "setWorkflowDefinition": DefinitionFile{}, "saveKeys": keysWire{}, "connectExpress": expressWire{},
	"createCustomer": customerWire{}, "updateCustomer": customerChangeWire{}, "linkCustomer": customerLinkWire{}, "settleDifference": differenceWire{}, "startMapping": mappingWire{}, "addPaymentMethod": struct{}{}, "setDefaultPaymentMethod": defaultMethodWire{},
	"addBankAccount": bankAccountWire{}, "verifyBankAccount": depositEntryWire{},
	"createInvoice": invoiceWire{}, "updateInvoice": invoiceChangeWire{}, "voidInvoice": reasonWire{}, "holdInvoice": reasonWire{}, "reverseLateFee": reverseLateFeeWire{},
	"payInvoice": payWire{}, "payWorkItem": payWire{}, "recordPayment": recordWire{}, "refundPayment": refundWire{}, "settlePayment": settleWire{}, "settleBack": settleBackWire{}, "advanceClock": advanceWire{},
	"setNoticeSettings": noticeSettingsWire{}, "setNoticeTemplate": noticeTextWire{}, "previewNotice": noticePreviewWire{}, "promisePayment": promiseWire{},
	"setExcessSettings": excessSettingsWire{}, "recordExcess": excessWire{}, "resolveExcess": resolveWire{},
	"setRetrySettings": retriesWire{}, "replayRetries": retriesWire{},
	"switchCharge": autoChargeWire{}, "switchAutomatic": autoChargeWire{}, "startDueDateRun": dueDateRunWire{},
	"createBillingSchedule": billingWire{}, "updateBillingSchedule": billingChangeWire{},
	"createProduct": productWire{}, "updateProduct": productWire{}, "setStoreSettings": storeWire{},
	"setApprovalRules": approvalRulesWire{}, "approve": struct{}{}, "declineApproval": declineWire{}, "delegateApprovals": delegationWire{},
	"addWebhookEndpoint": webhookWire{}, "startReconciliation": reconcileWire{}, "fetchMissing": fetchWire{},
}

// Protects against a field that is promised and ignored, or taken and not
// promised: the structs have the names of the schemas, at every level.
func TestWiresAreTheContract(t *testing.T) {
	for id, op := range theContract(t).operations {
		if op.body == nil || strings.HasPrefix(op.path, "/webhooks") {
			continue
		}
		wire, listed := wires[id]
		if !listed {
			t.Errorf("%s has a body and no row in wires", id)
			continue
		}
		var promised []string
		walkSchema("", op.body, func(path string, _ *openapi3.Schema) { promised = append(promised, path) })
		taken := names("", reflect.TypeOf(wire))
		slices.Sort(promised)
		slices.Sort(taken)
		if diff := cmp.Diff(promised, taken); diff != "" {
			t.Errorf("%s: schema (-) and struct (+):\n%s", id, diff)
		}
	}
}

// names lists the JSON names a struct takes, as [walkSchema] writes them.
func names(path string, t reflect.Type) []string {
	if t.Kind() == reflect.Pointer {
		return names(path, t.Elem())
	}
	if t.Kind() == reflect.Slice {
		return append([]string{path}, names(path+"[]", t.Elem())...)
	}
	list := []string{path}
	if t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[payWire]().PkgPath() {
		return list
	}
	for f := range fieldsOf(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		list = append(list, names(path+"."+name, f.Type)...)
	}
	return list
}

func fieldsOf(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if !f.Anonymous && !yield(f) {
				return
			}
		}
	}
}

// Protects readers: the page of the contract has every operation and code, runs
// no script and holds no style that the Content-Security-Policy would refuse.
func TestDocs(t *testing.T) {
	c := theContract(t)
	page, err := renderDocs(c)
	if err != nil {
		t.Fatal(err)
	}
	html := string(page)
	for id := range c.operations {
		if !strings.Contains(html, fmt.Sprintf(`<article id="%s">`, id)) {
			t.Errorf("the page lacks %s", id)
		}
	}
	codes, _ := c.doc.Extensions["x-codes"].(map[string]any)
	for code := range codes {
		if !strings.Contains(html, `id="code-`+code+`"`) {
			t.Errorf("the page lacks the code %s", code)
		}
	}
	for _, forbidden := range []string{"<script", "style=", "http://", "javascript:"} {
		if strings.Contains(html, forbidden) {
			t.Errorf("the page holds %s", forbidden)
		}
	}
}
