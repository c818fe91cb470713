// Package routewalk asks every route of the API as everybody and holds the
// answers against what openapi.yaml and the table of rows promise: who is told
// that a thing exists, who may do something to it, and that nobody learns what
// a body should look like for what he may not do.
//
// It owns the table and the walk; the world that is walked through (a running
// server with people and objects) is the test's own. It is for tests.
//
// Invariants: an operation of the document without a row, and a row without an
// operation, are errors.
package routewalk

// Row says who gets how far with an operation.
type Row struct {
	// Public: no credentials are asked for.
	Public bool
	// Ends: it ends the caller's session, so that only the answer without
	// credentials is looked at.
	Ends bool
	// Object is the kind of thing whose id (or name) the path holds: "" for
	// none, else see the kinds below.
	Object string
	// At is where ?organisation= points: "", "top" or "unit".
	At string
	// See lists permissions of which one shows the object; [Any] is any
	// permission at all. Who lacks them all gets 404. Empty: every member sees.
	See []string
	// Do lists groups of permissions, of each of which one is needed. Who sees
	// but lacks a group gets 403.
	Do [][]string
	// Customer is how far a customer's user gets with his customer's things.
	Customer Customer
}

// Customer is how far a customer's user gets.
type Customer int

// The ways a customer's user is answered.
const (
	Hidden  Customer = iota // 404 for an object, 403 for what has none
	Visible                 // 403
	Allowed
)

// Kinds of objects that a world provides. Each is at the world's unit, and
// fresh where the operation uses it up.
const (
	KindInvoice       = "invoice"
	KindHeldInvoice   = "held invoice" // a person's hold is on it
	KindWorkItem      = "work item"    // assigned to the role Invoice Payers at the unit
	KindCustomer      = "customer"
	KindPaymentMethod = "payment method" // of that customer
	KindBankAccount   = "bank account"   // of that customer, waiting for its deposits
	KindPayment       = "payment"        // of an invoice of that customer
	KindOrganisation  = "organisation"   // an empty one below the unit
	KindGrant         = "grant"          // somebody's, at the unit
	KindRole          = "role"           // the tenant's own
	KindUser          = "user"           // somebody with a role at the unit
	KindToken         = "token"          // somebody else's
	KindImport        = "import"
	KindMapping       = "mapping" // of customers with Stripe's
	KindDueDateRun    = "due-date run"
	KindBilling       = "billing schedule" // of that customer
	KindExcess        = "excess"           // of no invoice, and open
	KindConnection    = "connection"       // its webhook
	KindOccasion      = "occasion"         // of a notice: nobody's thing
	KindMail          = "mail"             // about the invoice, that did not arrive
	KindWebhook       = "webhook"          // an endpoint at the unit
	KindEvent         = "event"            // of that invoice, which an endpoint wants
	KindProduct       = "product"          // of the unit's store

	KindApproval   = "approval"   // that somebody asked for, of the invoice
	KindDelegation = "delegation" // of somebody's approvals at the unit
	KindOrder      = "order"      // there, and not paid

	KindReconciliation = "reconciliation" // of the whole tenant
)

// Any stands in [Row.See] for whatever permission.
const Any = "any permission"

const (
	payers        = "workflow=role('Invoice Payers')"
	pay           = "stripe=pay"
	stripeAll     = "stripe=*"
	refund        = "stripe=refund"
	approve       = "stripe=approve"
	invoiceRead   = "invoice=read"
	invoiceEdit   = "invoice=edit"
	invoiceCharge = "invoice=charge"
	adminUsers    = "admin=users"
	adminRoles    = "admin=roles"
	adminUnits    = "admin=organisations"
	adminHooks    = "admin=webhooks"
	customerSee   = "customer=read"
	customerEd    = "customer=edit"
	storeEdit     = "store=edit"
)

func needs(permission ...string) [][]string {
	groups := make([][]string, len(permission))
	for i, p := range permission {
		groups[i] = []string{p}
	}
	return groups
}

var editing = Row{Object: KindInvoice, See: []string{invoiceRead, invoiceEdit}, Do: needs(invoiceEdit), Customer: Visible}

var methods = [][]string{{pay, customerEd}}

// Rows is the table, by operationId.
var Rows = map[string]Row{
	"signIn": {Public: true}, "finishSignIn": {Public: true}, "acceptInvitation": {Public: true},
	"requestPasswordReset": {Public: true}, "completePasswordReset": {Public: true},
	"stripeWebhook": {Public: true}, "stripeConnectionWebhook": {Public: true, Object: KindConnection},
	"healthz": {Public: true}, "readyz": {Public: true}, "openapi": {Public: true}, "docs": {Public: true}, "docsStyle": {Public: true},

	"signOut":            {Ends: true},
	"confirmSession":     {Customer: Allowed},
	"me":                 {Customer: Allowed},
	"changePassword":     {Customer: Allowed},
	"setSecondFactor":    {Customer: Allowed},
	"removeSecondFactor": {Customer: Allowed},

	"users":          {At: "top", Do: needs(adminUsers)},
	"inviteUser":     {Do: needs(adminUsers)},
	"updateUser":     {Object: KindUser, At: "top", Do: needs(adminUsers), Customer: Visible},
	"apiTokens":      {At: "top", Customer: Allowed},
	"createApiToken": {Customer: Allowed},
	"revokeApiToken": {Object: KindToken, See: []string{adminUsers}},

	"organisations":      {At: "top", Do: needs(adminUnits)},
	"createOrganisation": {Do: needs(adminUnits)},
	"recordKeys":         {Object: KindOrganisation, See: []string{Any}, Do: needs(invoiceRead)},
	"updateOrganisation": {Object: KindOrganisation, See: []string{Any}, Do: needs(adminUnits)},
	"deleteOrganisation": {Object: KindOrganisation, See: []string{Any}, Do: needs(adminUnits)},
	"roles":              {At: "top", Do: needs(adminRoles)},
	"putRole":            {Object: KindRole, At: "top", Do: needs(adminRoles), Customer: Visible},
	"deleteRole":         {Object: KindRole, At: "top", Do: needs(adminRoles), Customer: Visible},
	"grants":             {At: "top", Do: needs(adminRoles)},
	"createGrant":        {Do: needs(adminRoles)},
	"deleteGrant":        {Object: KindGrant, See: []string{Any}, Do: needs(adminRoles)},
	"audit":              {At: "top", Do: needs("admin=audit")},

	"workItemStep":             {At: "unit", See: []string{Any}, Do: needs("workflow=edit")},
	"setWorkItemStep":          {At: "unit", See: []string{Any}, Do: needs("workflow=edit")},
	"afterPaymentScript":       {At: "unit", See: []string{Any}, Do: needs("workflow=edit")},
	"setAfterPaymentScript":    {At: "unit", See: []string{Any}, Do: needs("workflow=edit")},
	"removeAfterPaymentScript": {At: "unit", See: []string{Any}, Do: needs("workflow=edit")},
	"testAfterPaymentScript":   {At: "unit", See: []string{Any}, Do: needs("workflow=edit")},
	"workflowDefinition":       {At: "unit", See: []string{Any}, Do: needs("workflow=edit")},
	"setWorkflowDefinition":    {At: "unit", See: []string{Any}, Do: needs("workflow=edit")},
	"paymentSettings":          {At: "unit", See: []string{Any}, Do: needs("stripe=view")},
	"setPaymentSettings":       {At: "unit", See: []string{Any}, Do: needs(stripeAll)},
	"excessSettings":           {At: "unit", See: []string{Any}, Do: needs("stripe=view")},
	"setExcessSettings":        {At: "unit", See: []string{Any}, Do: needs(stripeAll)},
	"noticeSettings":           {At: "unit", See: []string{Any}, Do: needs(invoiceEdit)},
	"setNoticeSettings":        {At: "unit", See: []string{Any}, Do: needs(invoiceEdit)},
	"noticeTemplate":           {Object: KindOccasion, At: "unit", See: []string{Any}, Do: needs(invoiceEdit)},
	"setNoticeTemplate":        {Object: KindOccasion, At: "unit", See: []string{Any}, Do: needs(invoiceEdit)},
	"removeNoticeTemplate":     {Object: KindOccasion, At: "unit", See: []string{Any}, Do: needs(invoiceEdit)},
	"previewNotice":            {Object: KindOccasion, At: "unit", See: []string{Any}, Do: needs(invoiceEdit)},
	"undeliveredMails":         {At: "unit", See: []string{Any}, Do: needs(invoiceEdit)},
	"resendMail":               {Object: KindMail, See: []string{invoiceRead, invoiceEdit}, Do: needs(invoiceEdit)},
	"retrySettings":            {At: "unit", See: []string{Any}, Do: needs("stripe=view")},
	"setRetrySettings":         {At: "unit", See: []string{Any}, Do: needs(stripeAll)},
	"replayRetries":            {At: "unit", See: []string{Any}, Do: needs("stripe=read")},
	"connection":               {At: "top", See: []string{Any}, Do: needs("stripe=view")},
	"saveKeys":                 {At: "top", See: []string{Any}, Do: needs(stripeAll)},
	"removeKeys":               {At: "top", See: []string{Any}, Do: needs(stripeAll)},
	"connectExpress":           {At: "top", See: []string{Any}, Do: needs(stripeAll)},
	"refreshLink":              {At: "top", See: []string{Any}, Do: needs(stripeAll)},
	"connectStandard":          {At: "top", See: []string{Any}, Do: needs(stripeAll)},
	"impact":                   {At: "top", See: []string{Any}, Do: needs(stripeAll)},
	"stripeAccount":            {At: "top", See: []string{Any}, Do: needs("stripe=view", "stripe=read")},
	"stripeCustomers":          {At: "top", See: []string{Any}, Do: needs("stripe=view", "stripe=read")},
	"stripeBankAccounts":       {At: "top", See: []string{Any}, Do: needs("stripe=view", "stripe=read")},
	"stripeBalance":            {At: "top", See: []string{Any}, Do: needs("stripe=view", "stripe=read")},
	"stripePayouts":            {At: "top", See: []string{Any}, Do: needs("stripe=view", "stripe=read")},
	"stripeTransactions":       {At: "top", See: []string{Any}, Do: needs("stripe=view", "stripe=read")},
	"stripeDashboardLink":      {At: "top", See: []string{Any}, Do: needs("stripe=view", "stripe=read")},
	"refreshStripe":            {At: "top", See: []string{Any}, Do: needs("stripe=view", "stripe=read")},

	"customers":               {At: "unit", Do: needs(customerSee), Customer: Allowed},
	"createCustomer":          {Do: needs(customerEd)},
	"customer":                {Object: KindCustomer, See: []string{customerSee, customerEd}, Customer: Allowed},
	"updateCustomer":          {Object: KindCustomer, See: []string{customerSee, customerEd}, Do: needs(customerEd), Customer: Visible},
	"linkCustomer":            {Object: KindCustomer, See: []string{customerSee, customerEd, stripeAll}, Do: needs(stripeAll), Customer: Visible},
	"unlinkCustomer":          {Object: KindCustomer, See: []string{customerSee, customerEd, stripeAll}, Do: needs(stripeAll), Customer: Visible},
	"customerLink":            {Object: KindCustomer, See: []string{customerSee, customerEd, stripeAll}, Customer: Visible},
	"settleDifference":        {Object: KindCustomer, See: []string{customerSee, customerEd}, Do: needs(customerEd), Customer: Visible},
	"deleteCustomer":          {Object: KindCustomer, See: []string{customerSee, customerEd, stripeAll}, Do: needs(stripeAll), Customer: Visible},
	"planMapping":             {At: "unit", See: []string{Any}, Do: needs(stripeAll)},
	"startMapping":            {Do: needs(stripeAll)},
	"mapping":                 {Object: KindMapping, See: []string{stripeAll}},
	"stopMapping":             {Object: KindMapping, See: []string{stripeAll}},
	"resumeMapping":           {Object: KindMapping, See: []string{stripeAll}},
	"customerCredit":          {Object: KindCustomer, See: []string{customerSee, customerEd}, Customer: Allowed},
	"paymentMethods":          {Object: KindCustomer, See: []string{customerSee, customerEd, pay}, Do: methods, Customer: Allowed},
	"addPaymentMethod":        {Object: KindCustomer, See: []string{customerSee, customerEd, pay}, Do: methods, Customer: Allowed},
	"setDefaultPaymentMethod": {Object: KindCustomer, See: []string{customerSee, customerEd, pay}, Do: methods, Customer: Allowed},
	"switchAutomatic":         {Object: KindCustomer, See: []string{customerSee, customerEd}, Do: needs(customerEd), Customer: Allowed},
	"removePaymentMethod":     {Object: KindPaymentMethod, See: []string{customerSee, customerEd, pay}, Do: methods, Customer: Allowed},
	"bankAccounts":            {Object: KindCustomer, See: []string{customerSee, customerEd, pay}, Do: methods, Customer: Allowed},
	"addBankAccount":          {Object: KindCustomer, See: []string{customerSee, customerEd, pay}, Do: methods, Customer: Allowed},
	"waitingBankAccounts":     {At: "unit", Do: needs(customerSee)},
	"bankAccount":             {Object: KindBankAccount, See: []string{customerSee, customerEd, pay}, Do: methods, Customer: Allowed},
	"verifyBankAccount":       {Object: KindBankAccount, See: []string{customerSee, customerEd, pay}, Do: methods, Customer: Allowed},

	"invoices":        {At: "unit", Do: needs(invoiceRead), Customer: Allowed},
	"createInvoice":   {Do: needs(invoiceEdit)},
	"invoice":         {Object: KindInvoice, See: []string{invoiceRead}, Customer: Allowed},
	"invoicePdf":      {Object: KindInvoice, See: []string{invoiceRead}, Customer: Allowed},
	"paymentRecord":   {Object: KindInvoice, See: []string{invoiceRead}, Do: needs("stripe=read"), Customer: Visible},
	"updateInvoice":   editing,
	"sendInvoice":     editing,
	"processInvoice":  editing,
	"voidInvoice":     editing,
	"resetLink":       editing,
	"promisePayment":  editing,
	"holdInvoice":     editing,
	"reverseLateFee":  editing,
	"liftHold":        {Object: KindHeldInvoice, See: []string{invoiceRead, invoiceEdit, pay}, Do: needs(invoiceEdit), Customer: Visible},
	"chargeInvoice":   {Object: KindInvoice, See: []string{invoiceRead, invoiceCharge}, Do: needs(invoiceCharge), Customer: Visible},
	"switchCharge":    editing,
	"payInvoice":      {Object: KindInvoice, See: []string{invoiceRead, pay}, Do: needs(pay), Customer: Allowed},
	"payments":        {Object: KindInvoice, See: []string{invoiceRead}, Customer: Allowed},
	"recordPayment":   editing,
	"refunds":         {Object: KindPayment, See: []string{invoiceRead, "stripe=refund"}, Customer: Allowed},
	"cancelPayment":   {Object: KindPayment, See: []string{invoiceRead, pay}, Do: needs(pay), Customer: Allowed},
	"settlePayment":   {Object: KindPayment, See: []string{invoiceRead, "stripe=refund"}, Do: needs("stripe=refund"), Customer: Visible},
	"unknownPayments": {At: "unit", Do: needs(refund)},
	"settleBack":      {Object: KindPayment, See: []string{invoiceRead, "stripe=refund"}, Do: needs("stripe=refund"), Customer: Visible},
	"unknownBack":     {At: "unit", Do: needs(refund)},
	"refundPayment":   {Object: KindPayment, See: []string{invoiceRead, "stripe=refund"}, Do: needs("stripe=refund"), Customer: Visible},
	"timeline":        {Object: KindInvoice, See: []string{invoiceRead}, Customer: Visible},
	"disputes":        {At: "unit", Do: needs("stripe=read")},

	"runAfterPaymentScript": {Object: KindInvoice, See: []string{invoiceRead, "workflow=edit"}, Do: needs("workflow=edit"), Customer: Visible},

	"workItems":       {At: "unit", Customer: Allowed},
	"workItem":        {Object: KindWorkItem, See: []string{payers}},
	"claimWorkItem":   {Object: KindWorkItem, See: []string{payers}},
	"releaseWorkItem": {Object: KindWorkItem, See: []string{payers}},
	"payWorkItem":     {Object: KindWorkItem, See: []string{payers}, Do: needs(pay)},

	"approvals":           {At: "unit", Do: needs(approve)},
	"approval":            {Object: KindApproval, See: []string{approve}},
	"approve":             {Object: KindApproval, See: []string{approve}},
	"declineApproval":     {Object: KindApproval, See: []string{approve}},
	"approvalDelegations": {At: "top", Customer: Allowed},
	"delegateApprovals":   {Do: needs(approve)},
	"takeBackApprovals":   {Object: KindDelegation, See: []string{adminRoles}},
	"approvalRules":       {At: "unit", See: []string{Any}, Do: needs("workflow=edit")},
	"setApprovalRules":    {At: "unit", See: []string{Any}, Do: needs("workflow=edit")},

	"reconciliations":     {At: "top", See: []string{Any}, Do: needs("stripe=read")},
	"startReconciliation": {Do: needs("stripe=read")},
	"fetchMissing":        {Object: KindReconciliation, See: []string{"stripe=read"}},

	"webhookEndpoints":      {At: "unit", Do: needs(adminHooks)},
	"addWebhookEndpoint":    {Do: needs(adminHooks)},
	"enableWebhookEndpoint": {Object: KindWebhook, See: []string{adminHooks}},
	"removeWebhookEndpoint": {Object: KindWebhook, See: []string{adminHooks}},
	"events":                {At: "unit", Do: needs(adminHooks)},
	"resendEvent":           {Object: KindEvent, See: []string{adminHooks}},

	"products":         {At: "unit", Do: needs(storeEdit)},
	"createProduct":    {Do: needs(storeEdit)},
	"updateProduct":    {Object: KindProduct, See: []string{storeEdit}},
	"removeProduct":    {Object: KindProduct, See: []string{storeEdit}},
	"orders":           {At: "unit", Do: needs(storeEdit)},
	"fulfilOrder":      {Object: KindOrder, See: []string{storeEdit}},
	"storeSettings":    {At: "unit", See: []string{Any}, Do: needs(storeEdit)},
	"setStoreSettings": {At: "unit", See: []string{Any}, Do: needs(storeEdit)},

	"excess":        {At: "unit", Do: needs(refund)},
	"recordExcess":  {Do: needs(refund)},
	"resolveExcess": {Object: KindExcess, See: []string{refund}},

	"dueDateRuns":     {At: "unit", See: []string{Any}, Do: needs(invoiceCharge)},
	"startDueDateRun": {Do: needs(invoiceCharge)},
	"dueDateRun":      {Object: KindDueDateRun, See: []string{invoiceCharge}},

	"billingSchedules":      {At: "unit", Do: needs(invoiceEdit)},
	"createBillingSchedule": {Do: needs(invoiceEdit)},
	"billingSchedule":       {Object: KindBilling, See: []string{invoiceEdit}},
	"updateBillingSchedule": {Object: KindBilling, See: []string{invoiceEdit}},
	"endBillingSchedule":    {Object: KindBilling, See: []string{invoiceEdit}},

	"imports":      {Customer: Allowed}, // those of units where the caller holds invoice=edit
	"startImport":  {Do: needs(invoiceEdit)},
	"import":       {Object: KindImport, See: []string{invoiceEdit}},
	"advanceClock": {Do: needs(adminUnits)},
}
