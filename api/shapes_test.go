package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/retry"
)

// Protects callers: every answer, full and with everything optional missing,
// has exactly the fields the contract promises for its operation and status.
func TestAnswersAreTheContract(t *testing.T) {
	c := theContract(t)
	shapes := map[string]struct {
		status int
		full   any
		bare   any
	}{
		"signIn 200":             {200, meShape(commands.Caller{}, filled[commands.Me]()), meShape(filled[commands.Caller](), commands.Me{})},
		"signIn 202":             {202, factorBody{"totp"}, nil},
		"finishSignIn 200":       {200, meShape(commands.Caller{}, filled[commands.Me]()), nil},
		"confirmSession 200":     {200, meShape(commands.Caller{}, filled[commands.Me]()), nil},
		"me 200":                 {200, meShape(filled[commands.Caller](), filled[commands.Me]()), nil},
		"setSecondFactor 202":    {202, secretBody{Secret: "ABC", URI: "otpauth://totp/x"}, nil},
		"setSecondFactor 200":    {200, recoveryBody{[]string{"abc"}}, recoveryBody{[]string{}}},
		"users 200":              {200, page(userShape), empty(userShape)},
		"inviteUser 201":         {201, invitedBody{userShape(filled[remit.User]()), filled[invitationBody]()}, nil},
		"updateUser 200":         {200, userShape(filled[remit.User]()), userShape(bare[remit.User]())},
		"apiTokens 200":          {200, page(tokenShape), empty(tokenShape)},
		"createApiToken 201":     {201, newTokenBody{tokenShape(filled[remit.APIToken]()), "secret"}, newTokenBody{tokenShape(bare[remit.APIToken]()), "secret"}},
		"organisations 200":      {200, page((&call{server: clocked}).organisationShape), empty((&call{server: clocked}).organisationShape)},
		"createOrganisation 201": {201, (&call{server: clocked}).organisationShape(filled[remit.Organisation]()), nil},
		"recordKeys 200":         {200, recordKeysShape([]commands.RecordKey{filled[commands.RecordKey](), bare[commands.RecordKey]()}), nil},
		"updateOrganisation 200": {200, (&call{server: clocked}).organisationShape(bare[remit.Organisation]()), nil},
		"roles 200":              {200, page(roleShape), empty(roleShape)},
		"putRole 200":            {200, roleShape(filled[commands.Role]()), roleShape(bare[commands.Role]())},
		"putRole 201":            {201, roleShape(filled[commands.Role]()), nil},
		"grants 200":             {200, page(grantShape), empty(grantShape)},
		"createGrant 201":        {201, grantShape(filled[remit.RoleGrant]()), nil},
		"audit 200":              {200, page(auditShape), empty(auditShape)},

		"workItemStep 200":             {200, stepOf(filled[commands.WorkItemStep]()), stepOf(bare[commands.WorkItemStep]())},
		"setWorkItemStep 200":          {200, stepOf(filled[commands.WorkItemStep]()), nil},
		"afterPaymentScript 200":       {200, scriptOf(filled[commands.AfterPaymentScript]()), scriptOf(bare[commands.AfterPaymentScript]())},
		"setAfterPaymentScript 200":    {200, scriptOf(filled[commands.AfterPaymentScript]()), nil},
		"removeAfterPaymentScript 200": {200, scriptOf(bare[commands.AfterPaymentScript]()), nil},
		"testAfterPaymentScript 200":   {200, trialShape(filled[commands.ScriptTrial]()), trialShape(bare[commands.ScriptTrial]())},
		"workflowDefinition 200":       {200, FileOf(filled[commands.Definition]()), FileOf(bare[commands.Definition]())},
		"setWorkflowDefinition 200":    {200, FileOf(filled[commands.Definition]()), nil},
		"runAfterPaymentScript 202":    {202, invoiceShape(filled[remit.Invoice]()), nil},
		"paymentSettings 200":          {200, settingsOf(filled[commands.PaymentSettings]()), settingsOf(bare[commands.PaymentSettings]())},
		"setPaymentSettings 200":       {200, settingsOf(filled[commands.PaymentSettings]()), nil},
		"connection 200":               {200, connectionShape(filled[remit.Connection]()), connectionShape(remit.Connection{Status: remit.ConnectionDisconnected})},
		"saveKeys 200":                 {200, connectionShape(filled[remit.Connection]()), nil},
		"connectExpress 200":           {200, filled[leaveBody](), nil},
		"refreshLink 200":              {200, filled[leaveBody](), nil},
		"connectStandard 200":          {200, filled[leaveBody](), nil},
		"impact 200":                   {200, impactShape(filled[remit.Impact]()), impactShape(bare[remit.Impact]())},
		"stripeAccount 200":            {200, accountShape(filled[commands.Stored[commands.DescribedAccount]]()), accountShape(bare[commands.Stored[commands.DescribedAccount]]())},
		"stripeBalance 200":            {200, balanceShape(filled[commands.Stored[[]remit.BalanceFigure]]()), balanceShape(bare[commands.Stored[[]remit.BalanceFigure]]())},
		"stripeBankAccounts 200":       {200, figures(filled[commands.Stored[commands.List[remit.PayoutBank]]](), bankShape), figures(bare[commands.Stored[commands.List[remit.PayoutBank]]](), bankShape)},
		"stripePayouts 200":            {200, figures(filled[commands.Stored[commands.List[remit.Payout]]](), payoutShape), figures(bare[commands.Stored[commands.List[remit.Payout]]](), payoutShape)},
		"stripeTransactions 200":       {200, figures(filled[commands.Stored[commands.List[remit.StripeTransaction]]](), transactionShape), figures(bare[commands.Stored[commands.List[remit.StripeTransaction]]](), transactionShape)},
		"stripeCustomers 200":          {200, figures(filled[commands.Stored[commands.List[remit.StripeCustomer]]](), stripeCustomerShape), figures(bare[commands.Stored[commands.List[remit.StripeCustomer]]](), stripeCustomerShape)},
		"stripeDashboardLink 200":      {200, linkBody{"https://dashboard.stripe.com/acct_1"}, nil},
		"refreshStripe 202":            {202, ageOf(filled[remit.DashboardState]()), ageOf(bare[remit.DashboardState]())},

		"customers 200":               {200, page(customerShape), empty(customerShape)},
		"createCustomer 201":          {201, customerShape(filled[remit.Customer]()), customerShape(bare[remit.Customer]())},
		"customer 200":                {200, customerShape(filled[remit.Customer]()), nil},
		"updateCustomer 200":          {200, customerShape(filled[remit.Customer]()), nil},
		"linkCustomer 200":            {200, customerShape(filled[remit.Customer]()), nil},
		"unlinkCustomer 200":          {200, customerShape(filled[remit.Customer]()), nil},
		"customerLink 200":            {200, linkShape(filled[commands.CustomerLink]()), linkShape(bare[commands.CustomerLink]())},
		"settleDifference 200":        {200, linkShape(filled[commands.CustomerLink]()), nil},
		"stopMapping 200":             {200, importShape(filled[commands.Import]()), nil},
		"resumeMapping 200":           {200, importShape(filled[commands.Import]()), nil},
		"planMapping 200":             {200, mappingPlanShape(filled[commands.Stored[commands.MappingPlan]]()), mappingPlanShape(bare[commands.Stored[commands.MappingPlan]]())},
		"startMapping 202":            {202, importShape(filled[commands.Import]()), importShape(bare[commands.Import]())},
		"mapping 200":                 {200, importShape(filled[commands.Import]()), nil},
		"switchAutomatic 200":         {200, customerShape(filled[remit.Customer]()), nil},
		"setDefaultPaymentMethod 200": {200, customerShape(filled[remit.Customer]()), nil},
		"paymentMethods 200":          {200, page(paymentMethodShape), listed(commands.List[remit.PaymentMethod]{Items: []remit.PaymentMethod{bare[remit.PaymentMethod]()}}, paymentMethodShape)},
		"addPaymentMethod 201":        {201, pageShape(filled[commands.CheckoutPage]()), nil},

		"products 200":         {200, page(productShape), empty(productShape)},
		"createProduct 201":    {201, productShape(filled[remit.Product]()), productShape(bare[remit.Product]())},
		"updateProduct 200":    {200, productShape(filled[remit.Product]()), nil},
		"orders 200":           {200, page(orderShape), empty(orderShape)},
		"fulfilOrder 200":      {200, orderShape(filled[remit.Order]()), orderShape(bare[remit.Order]())},
		"storeSettings 200":    {200, storeShape(filled[remit.Store]()), storeShape(bare[remit.Store]())},
		"setStoreSettings 200": {200, storeShape(filled[remit.Store]()), nil},

		"bankAccounts 200":        {200, page(bankAccountShape), empty(bankAccountShape)},
		"waitingBankAccounts 200": {200, page(bankAccountShape), empty(bankAccountShape)},
		"addBankAccount 201":      {201, bankAccountShape(filled[remit.BankAccount]()), bankAccountShape(bare[remit.BankAccount]())},
		"bankAccount 200":         {200, bankAccountShape(filled[remit.BankAccount]()), nil},
		"verifyBankAccount 200":   {200, bankAccountShape(filled[remit.BankAccount]()), nil},

		"invoices 200":        {200, page(invoiceShape), empty(invoiceShape)},
		"createInvoice 200":   {200, invoiceShape(filled[remit.Invoice]()), invoiceShape(bare[remit.Invoice]())},
		"createInvoice 201":   {201, invoiceShape(filled[remit.Invoice]()), nil},
		"invoice 200":         {200, invoiceShape(filled[remit.Invoice]()), nil},
		"updateInvoice 200":   {200, invoiceShape(filled[remit.Invoice]()), nil},
		"sendInvoice 200":     {200, invoiceShape(filled[remit.Invoice]()), nil},
		"processInvoice 200":  {200, invoiceShape(filled[remit.Invoice]()), nil},
		"resetLink 200":       {200, invoiceShape(filled[remit.Invoice]()), nil},
		"voidInvoice 200":     {200, invoiceShape(filled[remit.Invoice]()), nil},
		"holdInvoice 200":     {200, invoiceShape(filled[remit.Invoice]()), nil},
		"reverseLateFee 200":  {200, invoiceShape(filled[remit.Invoice]()), nil},
		"liftHold 200":        {200, invoiceShape(filled[remit.Invoice]()), nil},
		"chargeInvoice 200":   {200, invoiceShape(filled[remit.Invoice]()), nil},
		"switchCharge 200":    {200, invoiceShape(filled[remit.Invoice]()), nil},
		"payments 200":        {200, page(paymentShape), empty(paymentShape)},
		"recordPayment 201":   {201, paymentShape(filled[remit.Payment]()), paymentShape(bare[remit.Payment]())},
		"refunds 200":         {200, page(refundShape), empty(refundShape)},
		"settlePayment 200":   {200, paymentShape(filled[remit.Payment]()), nil},
		"cancelPayment 200":   {200, paymentShape(filled[remit.Payment]()), nil},
		"unknownPayments 200": {200, page(unknownShape), empty(unknownShape)},
		"settleBack 200":      {200, paymentShape(filled[remit.Payment]()), nil},
		"unknownBack 200":     {200, page(unknownBackShape), empty(unknownBackShape)},
		"refundPayment 201":   {201, refundShape(filled[remit.Refund]()), nil},
		"disputes 200":        {200, page(disputeShape), empty(disputeShape)},
		"timeline 200":        {200, page(timelineShape), empty(timelineShape)},
		"payInvoice 200":      {200, outcomeShape(filled[commands.PayOutcome]()), nil},
		"payInvoice 202":      {202, outcomeShape(filled[commands.PayOutcome]()), outcomeShape(bare[commands.PayOutcome]())},
		"workItems 200":       {200, page(workItemShape), empty(workItemShape)},
		"workItem 200":        {200, workItemShape(filled[remit.WorkItem]()), workItemShape(bare[remit.WorkItem]())},
		"claimWorkItem 200":   {200, workItemShape(filled[remit.WorkItem]()), nil},
		"releaseWorkItem 200": {200, workItemShape(filled[remit.WorkItem]()), nil},
		"payWorkItem 200":     {200, outcomeShape(filled[commands.PayOutcome]()), nil},
		"payWorkItem 202":     {202, outcomeShape(filled[commands.PayOutcome]()), nil},
		"approvals 200":       {200, page(approvalShape), empty(approvalShape)},
		"approval 200":        {200, approvalShape(filled[remit.Approval]()), approvalShape(bare[remit.Approval]())},
		"approve 200":         {200, approvalShape(filled[remit.Approval]()), nil},
		"declineApproval 200": {200, approvalShape(filled[remit.Approval]()), nil},

		"approvalDelegations 200": {200, page(delegationShape), empty(delegationShape)},
		"delegateApprovals 201":   {201, delegationShape(filled[remit.ApprovalDelegation]()), nil},
		"approvalRules 200":       {200, approvalRulesOf(filled[commands.ApprovalRules]()), approvalRulesOf(bare[commands.ApprovalRules]())},
		"setApprovalRules 200":    {200, approvalRulesOf(filled[commands.ApprovalRules]()), nil},

		"webhookEndpoints 200":      {200, page(webhookShape), empty(webhookShape)},
		"addWebhookEndpoint 201":    {201, newWebhookBody{webhookShape(filled[remit.WebhookEndpoint]()), "whsec_text"}, newWebhookBody{webhookShape(bare[remit.WebhookEndpoint]()), "whsec_text"}},
		"enableWebhookEndpoint 200": {200, webhookShape(filled[remit.WebhookEndpoint]()), nil},
		"events 200":                {200, page(eventShape), empty(eventShape)},
		"resendEvent 202":           {202, eventShape(filled[remit.Event]()), eventShape(bare[remit.Event]())},
		"excess 200":                {200, page(excessShape), empty(excessShape)},
		"recordExcess 201":          {201, excessShape(filled[remit.Excess]()), excessShape(bare[remit.Excess]())},
		"resolveExcess 200":         {200, excessShape(filled[remit.Excess]()), nil},
		"customerCredit 200":        {200, creditShape(filled[commands.CustomerCredit]()), creditShape(bare[commands.CustomerCredit]())},
		"excessSettings 200":        {200, excessSettingsOf(filled[commands.ExcessSettings]()), excessSettingsOf(bare[commands.ExcessSettings]())},
		"setExcessSettings 200":     {200, excessSettingsOf(filled[commands.ExcessSettings]()), nil},

		"retrySettings 200":    {200, retriesOf(filled[commands.RetrySettings]()), retriesOf(bare[commands.RetrySettings]())},
		"setRetrySettings 200": {200, retriesOf(filled[commands.RetrySettings]()), nil},
		"replayRetries 200":    {200, replayShape(filled[commands.Replay]()), replayShape(bare[commands.Replay]())},

		"noticeSettings 200":    {200, noticesOf(filled[commands.NoticeSettings]()), noticesOf(bare[commands.NoticeSettings]())},
		"setNoticeSettings 200": {200, noticesOf(filled[commands.NoticeSettings]()), nil},
		"noticeTemplate 200":    {200, templateOf(commands.NoticeTemplate{Occasion: remit.OccasionPaid, SetAt: "/a"}), templateOf(commands.NoticeTemplate{Occasion: remit.OccasionPaid})},
		"setNoticeTemplate 200": {200, templateOf(commands.NoticeTemplate{Occasion: remit.OccasionPaid}), nil},
		"previewNotice 200":     {200, noticePreviewBody(filled[commands.NoticePreview]()), nil},
		"undeliveredMails 200":  {200, page(mailShape), empty(mailShape)},
		"resendMail 200":        {200, mailShape(filled[remit.Mail]()), nil},
		"promisePayment 200":    {200, invoiceShape(filled[remit.Invoice]()), nil},

		"reconciliations 200":     {200, page(reconciliationShape), empty(reconciliationShape)},
		"startReconciliation 201": {201, reconciliationShape(filled[remit.Reconciliation]()), nil},
		"startReconciliation 202": {202, reconciliationShape(bare[remit.Reconciliation]()), nil},
		"fetchMissing 200":        {200, fetchedBody{1}, nil},

		"dueDateRuns 200":     {200, page(dueDateRunShape), empty(dueDateRunShape)},
		"startDueDateRun 201": {201, dueDateReportShape(filled[commands.DueDateReport]()), dueDateReportShape(bare[commands.DueDateReport]())},
		"startDueDateRun 202": {202, dueDateReportShape(bare[commands.DueDateReport]()), nil},
		"dueDateRun 200":      {200, dueDateReportShape(filled[commands.DueDateReport]()), nil},

		"billingSchedules 200":      {200, listed(commands.List[remit.BillingSchedule]{Items: []remit.BillingSchedule{filled[remit.BillingSchedule]()}, Next: "next"}, billingShape), empty(billingShape)},
		"createBillingSchedule 201": {201, billingViewShape(filled[commands.BillingView]()), billingViewShape(commands.BillingView{Schedule: bareSchedule()})},
		"billingSchedule 200":       {200, billingViewShape(filled[commands.BillingView]()), nil},
		"updateBillingSchedule 200": {200, billingViewShape(filled[commands.BillingView]()), nil},

		"imports 200":                 {200, page(importShape), empty(importShape)},
		"startImport 202":             {202, importShape(filled[commands.Import]()), importShape(bare[commands.Import]())},
		"import 200":                  {200, importShape(filled[commands.Import]()), nil},
		"advanceClock 200":            {200, advancedShape(filled[commands.ClockResult]()), advancedShape(bare[commands.ClockResult]())},
		"advanceClock 202":            {202, advancedShape(filled[commands.ClockResult]()), nil},
		"stripeWebhook 200":           {200, receivedBody{true}, nil},
		"stripeConnectionWebhook 200": {200, receivedBody{true}, nil},
		"healthz 200":                 {200, healthBody{"ok"}, nil},
		"readyz 200":                  {200, healthBody{"ready"}, nil},
	}
	for id, op := range c.operations {
		for status, ref := range op.spec.Responses.Map() {
			content := ref.Value.Content[mediaJSON]
			if content == nil {
				continue
			}
			t.Run(id+" "+status, func(t *testing.T) {
				shape, listed := shapes[id+" "+status]
				if !listed {
					t.Fatal("the answer has no row in shapes")
				}
				if strconv.Itoa(shape.status) != status {
					t.Fatalf("row for %d", shape.status)
				}
				for _, body := range []any{shape.full, shape.bare} {
					if body != nil {
						holds(t, c, content.Schema.Value, body)
					}
				}
			})
		}
	}
}

// holds checks a body against a schema, and that nothing sealed is in it.
func holds(t *testing.T, c *contract, schema *openapi3.Schema, body any) {
	t.Helper()
	data := encode(body)
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	if err := c.doc.ValidateSchemaJSON(schema, value, openapi3.VisitAsResponse(), openapi3.MultiErrors()); err != nil {
		t.Errorf("%v\nin %s", err, data)
	}
}

// Protects clients' clocks: every time leaves in UTC.
func TestTimesAreUTC(t *testing.T) {
	zone := time.FixedZone("east", 7*3600)
	at := time.Date(2026, 4, 1, 9, 0, 0, 0, zone)
	invoice := filled[remit.Invoice]()
	invoice.CreatedAt, invoice.SentAt = at, &at
	invoice.InFlight.Since, invoice.Hold.Since = at, at
	if text := string(encode(invoiceShape(invoice))); strings.Contains(text, "+07:00") {
		t.Errorf("a time is not in UTC: %s", text)
	}
}

var clocked = &Server{commands: &commands.Commands{Now: time.Now}}

func page[In, Out any](shape func(In) Out) any {
	return listed(commands.List[In]{Items: []In{filled[In](), bare[In]()}, Next: "more"}, shape)
}

func empty[In, Out any](shape func(In) Out) any { return listed(commands.List[In]{}, shape) }

func approvalRulesOf(r commands.ApprovalRules) any {
	a, _ := approvalRulesAnswer(r, nil)
	return a.body
}

func stepOf(s commands.WorkItemStep) any { a, _ := stepAnswer(s, nil); return a.body }

func settingsOf(s commands.PaymentSettings) any { a, _ := paymentSettingsAnswer(s, nil); return a.body }

func retriesOf(s commands.RetrySettings) any { a, _ := retriesAnswer(s, nil); return a.body }

func noticesOf(s commands.NoticeSettings) any {
	a, _ := noticeSettingsAnswer(s, nil)
	return a.body
}

func templateOf(t commands.NoticeTemplate) any {
	a, _ := templateAnswer(t, nil)
	return a.body
}

func excessSettingsOf(s commands.ExcessSettings) any {
	a, _ := excessSettingsAnswer(s, nil)
	return a.body
}

func scriptOf(s commands.AfterPaymentScript) any { a, _ := scriptAnswer(s, nil); return a.body }

// filled has every field set; bare only those that are always there.
func filled[T any]() T { var v T; fill(reflect.ValueOf(&v).Elem(), "", true); return v }

func bare[T any]() T { var v T; fill(reflect.ValueOf(&v).Elem(), "", false); return v }

// bareSchedule has the one version that every schedule has.
func bareSchedule() remit.BillingSchedule {
	s := bare[remit.BillingSchedule]()
	s.Versions = []remit.BillingTerms{{From: s.Through, Cadence: remit.Cadence{Start: remit.Date{Year: 2026, Month: 4, Day: 1}, Unit: remit.IntervalWeek, Count: 1}}}
	s.Versions[0].From = s.Versions[0].Start
	return s
}

// samples are values of types that not every value fits.
var samples = map[reflect.Type]any{
	reflect.TypeFor[time.Time]():               time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC),
	reflect.TypeFor[uuid.UUID]():               uuid.MustParse("018f3c1e-7b1a-7c3d-9b1e-2f6a5d4c3b2a"),
	reflect.TypeFor[remit.Date]():              remit.Date{Year: 2026, Month: 4, Day: 1},
	reflect.TypeFor[remit.Scope]():             remit.StripePay,
	reflect.TypeFor[remit.ContactField]():      remit.ContactEmail,
	reflect.TypeFor[remit.Assignee]():          remit.DefaultAssignee(mustPath("/t/Branch A")),
	reflect.TypeFor[remit.InvoiceStatus]():     remit.InvoiceOpen,
	reflect.TypeFor[remit.OrderState]():        remit.OrderToFulfil,
	reflect.TypeFor[remit.AttemptState]():      remit.AttemptFailed,
	reflect.TypeFor[remit.HoldKind]():          remit.HoldPerson,
	reflect.TypeFor[remit.Occasion]():          remit.OccasionPaid,
	reflect.TypeFor[remit.MailState]():         remit.MailBounced,
	reflect.TypeFor[remit.RefundState]():       remit.RefundSucceeded,
	reflect.TypeFor[remit.DisputeState]():      remit.DisputeNeedsResponse,
	reflect.TypeFor[remit.RunState]():          remit.RunDone,
	reflect.TypeFor[remit.PayoutStatus]():      remit.PayoutPaid,
	reflect.TypeFor[remit.MovementKind]():      remit.MovedRefund,
	reflect.TypeFor[remit.Cause]():             remit.CauseRefundAtStripe,
	reflect.TypeFor[remit.RefundChoice]():      remit.RefundReopens,
	reflect.TypeFor[remit.EndpointState]():     remit.EndpointDisabled,
	reflect.TypeFor[remit.DeliveryState]():     remit.DeliveryFailed,
	reflect.TypeFor[remit.EventType]():         remit.EventInvoicePaid,
	reflect.TypeFor[remit.ExcessReason]():      remit.ExcessPaidTwice,
	reflect.TypeFor[remit.ExcessState]():       remit.ExcessOpen,
	reflect.TypeFor[remit.ExcessAction]():      remit.ExcessRefund,
	reflect.TypeFor[remit.WorkItemState]():     remit.WorkItemOpen,
	reflect.TypeFor[remit.ApprovalState]():     remit.ApprovalAsked,
	reflect.TypeFor[remit.ChargeTiming]():      remit.ChargeOnDueDate,
	reflect.TypeFor[remit.SurchargeMode]():     remit.SurchargeGrossUp,
	reflect.TypeFor[remit.Percent]():           remit.Percent(2_900),
	reflect.TypeFor[remit.ReceiptsBy]():        remit.ReceiptsByStripe,
	reflect.TypeFor[remit.RemainderRule]():     remit.RemainderWaive,
	reflect.TypeFor[remit.CollectionState]():   remit.CollectionAsks,
	reflect.TypeFor[remit.DueDateStage]():      remit.StageCharge,
	reflect.TypeFor[remit.IntervalUnit]():      remit.IntervalMonth,
	reflect.TypeFor[remit.BillingState]():      remit.BillingPaused,
	reflect.TypeFor[remit.PeriodFate]():        remit.PeriodSkipped,
	reflect.TypeFor[*time.Location]():          time.UTC,
	reflect.TypeFor[remit.ChargeOutcome]():     remit.OutcomeSkipped,
	reflect.TypeFor[remit.MethodStatus]():      remit.MethodUsable,
	reflect.TypeFor[remit.BankAccountState]():  remit.BankAccountRequested,
	reflect.TypeFor[remit.DepositKind]():       remit.DepositAmounts,
	reflect.TypeFor[remit.RequirementReason](): remit.RequirementDue,
	reflect.TypeFor[remit.ConnectionStatus]():  remit.ConnectionActive,
	reflect.TypeFor[remit.UserStatus]():        remit.UserActive,
	reflect.TypeFor[remit.AuditOutcome]():      remit.AuditDone,
	reflect.TypeFor[retry.Final]():             retry.WorkItem,
	reflect.TypeFor[json.RawMessage]():         json.RawMessage(`{"before":null}`),
	reflect.TypeFor[[]byte]():                  []byte("bytes"),
}

// texts are strings that mean something, by the field's name; the last name
// counts, or type.name.
var texts = map[string]string{
	"Path": "/t/Branch A", "Organisation": "/t/Branch A", "Currency": "USD", "Quantity": "2.5", "UnitPrice": "10.00",
	"Adjustment.Kind": "tax", "PaymentMethod.Type": "card", "Connection.Mode": "api_keys", "Import.State": "done", "PayoutBank.Kind": "bank_account",
}

func fill(v reflect.Value, name string, optional bool) {
	if sample, is := samples[v.Type()]; is {
		v.Set(reflect.ValueOf(sample))
		return
	}
	switch v.Kind() {
	case reflect.String:
		text, known := texts[name]
		if !known {
			text = texts[name[strings.LastIndexByte(name, '.')+1:]]
		}
		if text == "" && optional {
			text = "text"
		}
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(optional)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Pointer:
		if optional {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), name, optional)
		}
	case reflect.Slice:
		if optional {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), name, optional)
		}
	case reflect.Struct:
		for f := range fieldsOf(v.Type()) {
			if f.IsExported() && f.Type != reflect.PointerTo(v.Type()) { // which would have no end
				fill(v.FieldByIndex(f.Index), v.Type().Name()+"."+f.Name, optional)
			}
		}
	default: // maps and bytes of no answer
	}
}

func mustPath(s string) remit.Path {
	p, err := remit.ParsePath(s)
	if err != nil {
		panic(err)
	}
	return p
}
