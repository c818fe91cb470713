package portal

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"remit"
	"remit/api"
	"remit/api/httpsec"
	"remit/commands"
	"remit/portal/static"
)

// Options for [New]; all are required.
type Options struct {
	Commands *commands.Commands
	Logger   *slog.Logger
}

// Portal serves the pages.
type Portal struct {
	commands *commands.Commands
	logger   *slog.Logger
	sessions *api.Auth // from Mount on
	badLinks *httpsec.Limiter

	storeOrders *httpsec.Limiter
}

// New makes a portal.
func New(o Options) *Portal {
	return &Portal{commands: o.Commands, logger: o.Logger, badLinks: httpsec.NewLimiter(badLinks, badLinksPeriod), storeOrders: httpsec.NewLimiter(storeOrders, storeOrdersPeriod)}
}

// BodyLimit is how many bytes a page's request may have; 0 is the usual limit.
func (p *Portal) BodyLimit(r *http.Request) int64 {
	if r.Method == http.MethodPost && r.URL.Path == "/imports" {
		return httpsec.MaxFile
	}
	if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, pathStore+"/") {
		return storeForm
	}
	return 0
}

// Mount adds the pages' routes to a router. Who is signed in, and the cookies
// of it, are the API's.
func (p *Portal) Mount(router gin.IRouter, auth *api.Auth) {
	p.sessions = auth
	files := gin.WrapH(static.Handler())
	router.GET(static.Prefix+"*file", files)
	router.HEAD(static.Prefix+"*file", files)
	p.mountDoors(router)
	p.mountPayer(router)
	p.mountStore(router)
	p.mountStoreStaff(router)
	p.mountInvoices(router)
	p.mountCustomers(router)
	p.mountExcess(router)
	p.mountDueDates(router)
	p.mountBilling(router)
	p.mountNotices(router)
	p.mountSettings(router)
	p.mountPeople(router)
	p.mountDemo(router)
	router.GET("/portal", p.signedIn((*visit).clientHome))
	router.GET("/portal/invoices/:id", p.signedIn((*visit).clientInvoice))
	router.GET("/portal/pay", p.signedIn((*visit).clientPayPage))
	router.POST("/portal/pay", p.signedIn((*visit).clientPay))
	router.GET("/portal/paid", p.signedIn((*visit).clientPaid))
}

// NotFound answers paths that nothing is at; after Mount.
func (p *Portal) NotFound(g *gin.Context) {
	v, err := p.visit(g)
	if err != nil {
		v = p.stranger(g)
	}
	v.fail(remit.NotFound())
}

func (p *Portal) mountDoors(router gin.IRouter) {
	router.GET("/", p.signedIn((*visit).home))
	router.GET("/sign-in", p.open((*visit).signInPage))
	router.POST("/sign-in", p.open((*visit).signIn))
	router.GET("/sign-in/code", p.open((*visit).codePage))
	router.POST("/sign-in/code", p.open((*visit).signInCode))
	router.POST("/sign-in/provider", p.open((*visit).signInAtProvider))
	router.GET(commands.ProviderReturn, p.open((*visit).fromProvider))
	router.POST("/sign-out", p.open((*visit).signOut))
	router.GET("/forgotten", p.open((*visit).forgottenPage))
	router.POST("/forgotten", p.open((*visit).forgotten))
	router.GET("/reset/:token", p.open((*visit).resetPage))
	router.POST("/reset/:token", p.open((*visit).reset))
	router.GET("/invitation/:token", p.open((*visit).invitationPage))
	router.POST("/invitation/:token", p.open((*visit).acceptInvitation))
	router.POST("/invitation/:token/provider", p.open((*visit).acceptAtProvider))
	router.GET("/confirm", p.signedIn((*visit).confirmPage))
	router.POST("/confirm", p.signedIn((*visit).confirm))
	router.POST("/confirm/provider", p.signedIn((*visit).confirmAtProvider))
	router.POST("/theme", p.open((*visit).theme))
	router.POST("/organisation", p.signedIn((*visit).choose))
	router.GET("/help", p.open((*visit).help))
	router.GET("/account", p.signedIn((*visit).accountPage))
	router.POST("/account/password", p.signedIn((*visit).changePassword))
	router.POST("/account/mfa", p.signedIn((*visit).beginMFA))
	router.POST("/account/mfa/confirm", p.signedIn((*visit).confirmMFA))
	router.POST("/account/mfa/remove", p.signedIn((*visit).removeMFA))
	router.POST("/account/provider", p.signedIn((*visit).linkAtProvider))
	router.POST("/account/provider/unlink", p.signedIn((*visit).unlinkProvider))
	router.POST("/account/sign-out-everywhere", p.signedIn((*visit).signOutEverywhere))
	router.GET("/pay/return", p.open((*visit).returned))
	router.POST("/pay/return", p.open((*visit).payCollected))
	router.GET("/pay/:token", p.open((*visit).publicPage))
	router.GET("/pay/:token/pdf", p.open((*visit).publicPDF))
	router.POST("/pay/:token/checkout", p.open((*visit).publicCheckout))
}

func (p *Portal) mountStore(router gin.IRouter) {
	router.GET(pathStore+"/:slug", p.strangers((*visit).storefront))
	router.POST(pathStore+"/:slug/checkout", p.strangers((*visit).storeCheckout))
	router.GET(pathStore+"/:slug/pictures/:product", p.strangers((*visit).storePicture))
}

func (p *Portal) mountPayer(router gin.IRouter) {
	router.GET("/inbox", p.signedIn((*visit).inbox))
	router.GET("/inbox/:id", p.signedIn((*visit).payPage))
	router.POST("/inbox/:id", p.signedIn((*visit).pay))
	router.POST("/inbox/:id/claim", p.signedIn((*visit).claim))
	router.GET("/inbox/:id/pdf", p.signedIn((*visit).itemPDF))
	router.GET("/inbox/:id/result", p.signedIn((*visit).result))
	router.GET("/payments/:id/cancel", p.signedIn((*visit).cancelPaymentPage))
	router.POST("/payments/:id/cancel", p.signedIn((*visit).cancelPayment))
}

func (p *Portal) mountInvoices(router gin.IRouter) {
	router.GET("/invoices", p.signedIn((*visit).invoices))
	router.GET("/invoices/new", p.signedIn((*visit).newInvoicePage))
	router.POST("/invoices/new", p.signedIn((*visit).newInvoice))
	router.GET("/invoices/:id", p.signedIn((*visit).invoice))
	router.GET("/invoices/:id/pdf", p.signedIn((*visit).invoicePDF))
	router.GET("/invoices/:id/payment-record", p.signedIn((*visit).paymentRecord))
	router.GET("/invoices/:id/edit", p.signedIn((*visit).editInvoicePage))
	router.POST("/invoices/:id/edit", p.signedIn((*visit).editInvoice))
	router.POST("/invoices/:id/send", p.signedIn((*visit).sendInvoice))
	router.POST("/invoices/:id/process", p.signedIn((*visit).processInvoice))
	router.POST("/invoices/:id/link", p.signedIn((*visit).resetLink))
	router.POST("/invoices/:id/lift", p.signedIn((*visit).liftHold))
	router.POST("/invoices/:id/late-fees", p.signedIn((*visit).takeFeeBack))
	router.POST("/invoices/:id/script", p.signedIn((*visit).runScript))
	for _, action := range []string{"void", "hold", "record", "promise"} {
		router.GET("/invoices/:id/"+action, p.signedIn(func(v *visit) error { return v.invoiceActionPage(action) }))
		router.POST("/invoices/:id/"+action, p.signedIn(func(v *visit) error { return v.invoiceAction(action) }))
	}
	router.GET("/payments", p.signedIn((*visit).tries))
	router.GET("/payments/:id/look", p.signedIn((*visit).lookingPage))
	router.POST("/payments/:id/look", p.signedIn((*visit).settleByHand))
	router.GET("/payments/:id/back/:back", p.signedIn((*visit).lookingBackPage))
	router.POST("/payments/:id/back/:back", p.signedIn((*visit).settleBack))
	router.GET("/payments/:id/refund", p.signedIn((*visit).refundPage))
	router.POST("/payments/:id/refund", p.signedIn((*visit).refund))
	router.GET("/disputes", p.signedIn((*visit).disputes))
	router.GET("/reconciliation", p.signedIn((*visit).reconciliation))
	router.POST("/reconciliation", p.signedIn((*visit).startReconciliation))
	router.POST("/reconciliation/:id/fetch", p.signedIn((*visit).fetchMissing))
	p.mountDashboard(router)
	router.GET("/imports", p.signedIn((*visit).imports))
	router.POST("/imports", p.signedIn((*visit).startImport))
	router.GET("/imports/:id", p.signedIn((*visit).importReport))
}

func (p *Portal) mountDashboard(router gin.IRouter) {
	router.GET(pathDashboard, p.signedIn((*visit).dashboard))
	router.POST("/stripe/refresh", p.signedIn((*visit).refreshDashboard))
	router.POST("/stripe/open", p.signedIn((*visit).openDashboard))
	router.GET("/stripe/payouts", p.signedIn((*visit).payouts))
	router.GET("/stripe/payouts/:payout", p.signedIn((*visit).payout))
	router.GET("/stripe/transactions", p.signedIn((*visit).transactions))
	router.GET("/stripe/transactions.csv", p.signedIn((*visit).transactionsFile))
	router.GET("/stripe/customers", p.signedIn((*visit).stripeCustomers))
}

func (p *Portal) mountCustomers(router gin.IRouter) {
	router.GET("/customers", p.signedIn((*visit).customers))
	router.GET("/customers/new", p.signedIn((*visit).newCustomerPage))
	router.POST("/customers/new", p.signedIn((*visit).newCustomer))
	router.GET("/customers/:id", p.signedIn((*visit).customer))
	router.GET("/customers/:id/edit", p.signedIn((*visit).editCustomerPage))
	router.POST("/customers/:id/edit", p.signedIn((*visit).editCustomer))
	router.GET("/customer-mapping", p.signedIn((*visit).mappingPage))
	router.POST("/customer-mapping", p.signedIn((*visit).startMapping))
	router.POST("/customer-mapping/refresh", p.signedIn((*visit).readMapping))
	router.GET("/customer-mapping/:id", p.signedIn((*visit).mappingReport))
	router.POST("/customer-mapping/:id/stop", p.signedIn((*visit).stopMapping))
	router.POST("/customer-mapping/:id/resume", p.signedIn((*visit).resumeMapping))
	router.GET("/customers/:id/link", p.signedIn((*visit).linkCustomerPage))
	router.POST("/customers/:id/link", p.signedIn((*visit).linkCustomer))
	router.GET("/customers/:id/unlink", p.signedIn((*visit).unlinkCustomerPage))
	router.POST("/customers/:id/unlink", p.signedIn((*visit).unlinkCustomer))
	router.POST("/customers/:id/differences", p.signedIn((*visit).settleDifference))
	router.GET("/customers/:id/delete", p.signedIn((*visit).deleteCustomerPage))
	router.POST("/customers/:id/delete", p.signedIn((*visit).deleteCustomer))
	router.POST("/customers/:id/automatic", p.signedIn((*visit).switchAutomatic))
	router.POST("/customers/:id/methods", p.signedIn((*visit).addMethod))
	router.GET("/customers/:id/bank-accounts/new", p.signedIn((*visit).bankAccountPage))
	router.POST("/customers/:id/bank-accounts/new", p.signedIn((*visit).addBankAccount))
	router.GET("/bank-accounts", p.signedIn((*visit).waitingBankAccounts))
	router.GET("/bank-accounts/:id", p.signedIn((*visit).bankAccount))
	router.POST("/bank-accounts/:id", p.signedIn((*visit).enterDeposits))
	router.GET("/customers/:id/pay", p.signedIn((*visit).clientPayPage))
	router.POST("/customers/:id/pay", p.signedIn((*visit).clientPay))
	router.GET("/customers/:id/paid", p.signedIn((*visit).clientPaid))
	router.POST("/customers/:id/default", p.signedIn((*visit).defaultMethod))
	router.GET("/customers/:id/methods/:method/remove", p.signedIn((*visit).removeMethodPage))
	router.POST("/customers/:id/methods/:method/remove", p.signedIn((*visit).removeMethod))
}

func (p *Portal) mountSettings(router gin.IRouter) {
	router.GET("/settings", p.signedIn((*visit).settings))
	router.GET("/settings/stripe", p.signedIn((*visit).stripe))
	router.POST("/settings/stripe", p.signedIn((*visit).saveKeys))
	router.POST("/settings/stripe/refresh", p.signedIn((*visit).refreshStripe))
	router.POST("/settings/stripe/express", p.signedIn((*visit).connectExpress))
	router.POST("/settings/stripe/link", p.signedIn((*visit).refreshLink))
	router.GET("/settings/stripe/return", p.signedIn((*visit).backFromForm))
	router.GET("/settings/stripe/expired", p.signedIn((*visit).linkExpired))
	router.POST("/settings/stripe/standard", p.signedIn((*visit).connectStandard))
	router.GET("/settings/stripe/linked", p.signedIn((*visit).linked))
	router.GET("/settings/stripe/disconnect", p.signedIn((*visit).disconnectPage))
	router.POST("/settings/stripe/disconnect", p.signedIn((*visit).disconnect))
	router.GET("/settings/payments", p.signedIn((*visit).paymentSettings))
	router.POST("/settings/payments", p.signedIn((*visit).savePaymentSettings))
	p.mountApprovals(router)
	router.GET("/settings/excess", p.signedIn((*visit).excessSettings))
	router.POST("/settings/excess", p.signedIn((*visit).saveExcessSettings))
	router.GET("/settings/retries", p.signedIn((*visit).retrySettings))
	router.POST("/settings/retries", p.signedIn((*visit).saveRetrySettings))
	router.GET("/settings/workflow", p.signedIn((*visit).workflow))
	router.POST("/settings/workflow", p.signedIn((*visit).saveWorkflow))
	router.POST("/settings/workflow/script", p.signedIn((*visit).saveScript))
	router.GET("/settings/workflow/script/remove", p.signedIn((*visit).removeScriptPage))
	router.POST("/settings/workflow/script/remove", p.signedIn((*visit).removeScript))
	router.GET("/settings/workflow/file", p.signedIn((*visit).workflowFile))
	router.POST("/settings/workflow/file", p.signedIn((*visit).importWorkflow))
	router.GET("/settings/organisations", p.signedIn((*visit).organisations))
	router.POST("/settings/organisations", p.signedIn((*visit).addOrganisation))
	router.GET("/settings/tokens", p.signedIn((*visit).tokens))
	router.POST("/settings/tokens", p.signedIn((*visit).makeToken))
	router.POST("/settings/tokens/:id/revoke", p.signedIn((*visit).revokeToken))
	router.GET(pathWebhooks, p.signedIn((*visit).webhooks))
	router.POST(pathWebhooks, p.signedIn((*visit).addWebhook))
	router.POST(pathWebhooks+"/:id/enable", p.signedIn((*visit).enableWebhook))
	router.POST(pathWebhooks+"/:id/remove", p.signedIn((*visit).removeWebhook))
	router.POST(pathWebhooks+"/events/:id/resend", p.signedIn((*visit).resendEvent))
	router.GET("/settings/audit", p.signedIn((*visit).audit))
}

func (p *Portal) mountPeople(router gin.IRouter) {
	router.GET("/settings/people", p.signedIn((*visit).people))
	router.POST("/settings/people", p.signedIn((*visit).invite))
	router.GET("/settings/people/:id", p.signedIn((*visit).person))
	router.GET("/settings/people/:id/grant", p.signedIn((*visit).grantPage))
	router.POST("/settings/people/:id/grant", p.signedIn((*visit).grant))
	router.GET("/settings/people/:id/grants/:grant/remove", p.signedIn((*visit).removeGrantPage))
	router.POST("/settings/people/:id/grants/:grant/remove", p.signedIn((*visit).removeGrant))
	router.POST("/settings/people/:id/disabled", p.signedIn((*visit).setDisabled))
	router.GET("/settings/roles", p.signedIn((*visit).roles))
	router.GET("/settings/roles/edit", p.signedIn((*visit).rolePage))
	router.POST("/settings/roles/edit", p.signedIn((*visit).saveRole))
	router.POST("/settings/roles/remove", p.signedIn((*visit).removeRole))
}

func (p *Portal) mountDemo(router gin.IRouter) {
	router.GET("/demo/mailbox", p.signedIn((*visit).mailbox))
	router.GET("/demo/mailbox/:id/pdf", p.signedIn((*visit).mailPDF))
	router.GET("/demo/clock", p.signedIn((*visit).clock))
	router.POST("/demo/clock", p.signedIn((*visit).advanceClock))
}
