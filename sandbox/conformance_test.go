package sandbox_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"

	"remit/sandbox"
	"remit/sandbox/stripespec"
)

// The sandbox's tests are conformance tests too: each stand's answers go
// through a [stripespec.Checker], and before it closes everything it holds is
// read once more, plain and expanded. What is here adds the answers that no
// other test asks for.

// served are the endpoints that answered 2xx, over all tests.
var served = struct {
	sync.Mutex
	seen map[string]bool
}{seen: map[string]bool{}}

// oracle is the stripe-mock of all tests and the mirror before it.
var oracle struct {
	sync.Once
	mirror *stripespec.Mirror
	stop   func()
	err    error
}

// TestMain fails a run in which the stand-in took what Stripe refuses, and a
// whole run in which an endpoint was never answered with success, for then
// nothing is known of its form.
func TestMain(m *testing.M) {
	code := m.Run()
	if oracle.mirror != nil {
		if err := oracle.mirror.Check(); err != nil {
			fmt.Fprintf(os.Stderr, "taken, though Stripe refuses it:\n%v\n", err)
			code = 1
		}
		oracle.stop()
	}
	if code == 0 && wholeRun() {
		for _, endpoint := range sandbox.Endpoints() {
			if !served.seen[endpoint] {
				fmt.Fprintf(os.Stderr, "no test has a success of %s: call it in one, so that its answer is held against Stripe's document\n", endpoint)
				code = 1
			}
		}
	}
	os.Exit(code)
}

func wholeRun() bool {
	for _, name := range []string{"test.run", "test.skip", "test.bench", "test.list", "test.fuzz"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return true
}

// conforming holds every answer of a test against Stripe's own document.
// Benchmarks do without.
func conforming(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	if _, measuring := t.(*testing.B); measuring {
		return h
	}
	spec, err := stripespec.Load()
	if err != nil {
		t.Fatal(err)
	}
	oracle.Do(func() {
		var base string
		if base, oracle.stop, oracle.err = stripespec.StartMock(); oracle.err == nil {
			oracle.mirror = stripespec.NewMirror(base)
		}
	})
	if oracle.err != nil {
		t.Fatal(oracle.err)
	}
	return noted(oracle.mirror.Accepted(stripespec.NewChecker(spec, h, func(err error) { t.Error(err) })))
}

// noted remembers which endpoints were answered with success.
func noted(next http.Handler) http.Handler {
	endpoints := sandbox.Endpoints()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := &statusOnly{ResponseWriter: w}
		next.ServeHTTP(status, r)
		if status.code != http.StatusOK {
			return
		}
		served.Lock()
		defer served.Unlock()
		best := ""
		for _, endpoint := range endpoints {
			if matches(endpoint, r) && (best == "" || strings.Count(endpoint, "{") < strings.Count(best, "{")) {
				best = endpoint
			}
		}
		served.seen[best] = true
	})
}

type statusOnly struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements [http.ResponseWriter].
func (s *statusOnly) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

func matches(endpoint string, r *http.Request) bool {
	method, pattern, _ := strings.Cut(endpoint, " ")
	want, have := strings.Split(pattern, "/"), strings.Split(r.URL.Path, "/")
	return method == r.Method && slices.EqualFunc(want, have, func(w, h string) bool {
		return w == h || strings.HasPrefix(w, "{") && h != ""
	})
}

// sweeps read everything an account holds, and what each kind can expand.
var sweeps = map[string][]string{
	"/v1/account":                    nil,
	"/v1/balance":                    nil,
	"/v1/events":                     nil,
	"/v1/charges":                    {"customer", "payment_intent.payment_method", "balance_transaction", "refunds"},
	"/v1/refunds":                    {"charge.balance_transaction", "payment_intent", "balance_transaction"},
	"/v1/customers":                  {"sources", "subscriptions", "tax_ids", "invoice_settings.default_payment_method"},
	"/v1/payment_intents":            {"customer", "latest_charge.balance_transaction", "payment_method"},
	"/v1/setup_intents":              {"customer", "latest_attempt.payment_method", "mandate.payment_method", "payment_method"},
	"/v1/balance_transactions":       {"source"},
	"/v1/disputes":                   {"charge.balance_transaction", "payment_intent.latest_charge"},
	"/v1/radar/early_fraud_warnings": {"charge.balance_transaction", "payment_intent"},
	"/v1/payouts":                    {"balance_transaction.source", "destination", "failure_balance_transaction"},
	"/v1/checkout/sessions":          {"customer", "line_items", "payment_intent.latest_charge", "setup_intent.payment_method"},
	"/v1/webhook_endpoints":          nil,
	"/v1/accounts":                   nil,
	"/v1/application_fees":           {"balance_transaction.source", "application", "account"},
}

// sweep reads everything there is. Whatever keeps it from an answer is another
// test's matter: a stand may be swept that is closed, or whose key is spent.
func (s *stand) sweep() {
	if _, measuring := s.t.(*testing.B); measuring {
		return
	}
	s.ask(http.MethodDelete, "/_sandbox/faults")
	for path, fields := range sweeps {
		single := path == "/v1/account" || path == "/v1/balance"
		if single {
			s.ask(http.MethodGet, path)
			continue
		}
		s.pages(path, url.Values{"limit": {"100"}})
		if len(fields) > 0 {
			query := url.Values{"limit": {"100"}}
			for _, field := range fields {
				query.Add("expand[]", "data."+field)
			}
			s.pages(path, query)
		}
	}
}

// pages reads a list to its end, or 300 objects of it.
func (s *stand) pages(path string, query url.Values) {
	for range 3 {
		var page struct {
			Data    []struct{ ID string }
			HasMore bool `json:"has_more"`
		}
		if json.Unmarshal(s.ask(http.MethodGet, path+"?"+query.Encode()), &page) != nil || !page.HasMore {
			return
		}
		query.Set("starting_after", page.Data[len(page.Data)-1].ID)
	}
}

// ask returns the answer's body, nil if there is none.
func (s *stand) ask(method, path string) []byte {
	r, err := http.NewRequest(method, s.web.URL+path, http.NoBody)
	if err != nil {
		s.t.Error(err)
		return nil
	}
	r.SetBasicAuth(s.key, "")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil
	}
	return body
}

// Each object by itself, in each state it can be brought to, with each field
// it can expand, and each step that leads there.
func TestAnswersConform(t *testing.T) {
	s := open(t)
	who := s.customer()
	paid := s.conformPayments(who)
	s.conformSetups(who)
	s.conformMethods(who)
	s.conformBanks(who)
	s.conformMoney(paid)
	s.conformDisputes()
	s.conformSessions(who)
	s.conformEndpoints()
}

// ok sends a form and demands success.
func (s *stand) ok(method, path, form string) string {
	s.t.Helper()
	if method == http.MethodGet && form != "" {
		path, form = path+"?"+form, ""
	}
	status, body := s.form(method, path, form, nil)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s %s: %d %s", method, path, form, status, body)
	}
	var object struct{ ID string }
	if err := json.Unmarshal(body, &object); err != nil {
		s.t.Fatal(err)
	}
	return object.ID
}

// refused sends a form and demands the status.
func (s *stand) refused(want int, method, path, form string) {
	s.t.Helper()
	if status, body := s.form(method, path, form, nil); status != want {
		s.t.Errorf("%s %s %s: %d, want %d: %s", method, path, form, status, want, body)
	}
}

const tenDollars = "amount=1000&currency=usd&payment_method_types[]=card"

func (s *stand) conformPayments(who string) (paid string) {
	bare := s.ok("POST", "/v1/payment_intents", tenDollars+"&customer="+who+"&metadata[invoice]=i1&receipt_email=a@b.example&setup_future_usage=off_session")
	s.ok("POST", "/v1/payment_intents/"+bare, "amount=1200&description=x&payment_method=pm_card_visa&expand[]=customer&expand[]=payment_method")
	s.ok("POST", "/v1/payment_intents/"+bare+"/confirm", "expand[]=latest_charge.balance_transaction")
	s.ok("GET", "/v1/payment_intents/"+bare, "expand[]=latest_charge.refunds&expand[]=customer&expand[]=payment_method.customer")
	automatic := s.ok("POST", "/v1/payment_intents", "amount=1000&currency=usd&automatic_payment_methods[enabled]=true")
	s.ok("POST", "/v1/payment_intents/"+automatic+"/cancel", "cancellation_reason=abandoned")
	challenged := s.ok("POST", "/v1/payment_intents", tenDollars+"&payment_method=pm_card_authenticationRequired&confirm=true&return_url=https://a.example")
	s.ok("GET", "/v1/payment_intents/"+challenged, "expand[]=payment_method")
	s.ok("POST", "/v1/payment_intents", tenDollars+"&payment_method=pm_card_authenticationRequired&confirm=true")
	s.ok("POST", "/v1/payment_intents", tenDollars+"&shipping[name]=N&shipping[address][line1]=1&payment_method=pm_card_visa&confirm=true&statement_descriptor_suffix=INV")
	for _, method := range []string{
		"pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedLostCard",
		"pm_card_chargeDeclinedExpiredCard", "pm_card_chargeDeclinedIncorrectCvc", "pm_card_chargeDeclinedProcessingError",
		"pm_card_radarBlock",
	} {
		s.refused(402, "POST", "/v1/payment_intents", tenDollars+"&confirm=true&payment_method="+method)
	}
	s.refused(402, "POST", "/v1/payment_intents", tenDollars+"&confirm=true&error_on_requires_action=true&payment_method=pm_card_authenticationRequired")
	s.refused(402, "POST", "/v1/payment_intents", tenDollars+"&confirm=true&off_session=true&customer="+who+"&payment_method=pm_card_authenticationRequired")
	s.refused(400, "POST", "/v1/payment_intents/"+bare+"/confirm", "")
	s.refused(400, "POST", "/v1/payment_intents/"+bare+"/cancel", "")
	s.refused(400, "POST", "/v1/payment_intents", tenDollars+"&confirm=true")
	s.refused(400, "POST", "/v1/payment_intents", "amount=1&currency=usd")
	s.refused(400, "POST", "/v1/payment_intents", tenDollars+"&colour=red")
	s.refused(400, "POST", "/v1/payment_intents", tenDollars+"&application_fee_amount=10")
	s.refused(404, "GET", "/v1/payment_intents/pi_none", "")
	s.refused(400, "GET", "/v1/payment_intents/"+bare+"?expand[]=amount", "")
	for _, filter := range []string{"", "customer=" + who, "limit=1", "created[gte]=1"} {
		s.ok("GET", "/v1/payment_intents", filter)
	}
	return bare
}

func (s *stand) conformSetups(who string) {
	bare := s.ok("POST", "/v1/setup_intents", "customer="+who+"&payment_method_types[]=card&metadata[a]=b")
	s.ok("POST", "/v1/setup_intents/"+bare, "description=x&payment_method=pm_card_visa")
	s.ok("POST", "/v1/setup_intents/"+bare+"/confirm", "expand[]=latest_attempt")
	s.ok("GET", "/v1/setup_intents/"+bare, "expand[]=latest_attempt.payment_method&expand[]=customer&expand[]=payment_method")
	s.ok("GET", "/v1/setup_attempts", "setup_intent="+bare)
	dead := s.ok("POST", "/v1/setup_intents", "usage=on_session")
	s.ok("POST", "/v1/setup_intents/"+dead+"/cancel", "")
	s.ok("POST", "/v1/setup_intents", "payment_method_types[]=card&customer="+who+"&payment_method=pm_card_authenticationRequired&confirm=true&return_url=https://a.example")
	s.refused(402, "POST", "/v1/setup_intents", "payment_method_types[]=card&customer="+who+"&payment_method=pm_card_visa_chargeDeclined&confirm=true")
	s.refused(400, "POST", "/v1/setup_intents/"+dead+"/confirm", "payment_method=pm_card_visa")
	s.ok("GET", "/v1/setup_intents", "customer="+who)
}

func (s *stand) conformMethods(who string) {
	card := s.card("4242424242424242")
	s.ok("POST", "/v1/payment_methods/"+card+"/attach", "customer="+who)
	s.ok("POST", "/v1/payment_methods/"+card, "billing_details[name]=N&metadata[a]=b&allow_redisplay=always")
	s.ok("GET", "/v1/payment_methods/"+card, "expand[]=customer")
	s.ok("GET", "/v1/payment_methods", "customer="+who+"&type=card")
	s.ok("GET", "/v1/customers/"+who+"/payment_methods", "")
	s.ok("GET", "/v1/customers/"+who+"/payment_methods/"+card, "")
	s.ok("POST", "/v1/customers/"+who, "invoice_settings[default_payment_method]="+card+"&address[line1]=1&shipping[name]=N&shipping[address][line1]=1&name=N&phone=1")
	s.ok("GET", "/v1/customers/"+who, "expand[]=invoice_settings.default_payment_method&expand[]=sources")
	s.ok("POST", "/v1/payment_methods/"+card+"/detach", "")
	s.refused(402, "POST", "/v1/payment_methods/pm_card_visa_chargeDeclined/attach", "customer="+who)
	s.refused(400, "POST", "/v1/payment_methods/"+card+"/attach", "customer="+who)
	s.refused(404, "POST", "/v1/payment_methods/pm_none/attach", "customer="+who)
	s.refused(402, "POST", "/v1/payment_methods", "type=card&card[number]=4242424242424241&card[exp_month]=1&card[exp_year]=2040")
	gone := s.customer()
	intent := s.ok("POST", "/v1/payment_intents", tenDollars+"&customer="+gone)
	s.ok("DELETE", "/v1/customers/"+gone, "")
	s.ok("GET", "/v1/customers/"+gone, "")
	s.ok("GET", "/v1/payment_intents/"+intent, "expand[]=customer")
	s.refused(404, "GET", "/v1/customers/cus_none", "")
	s.ok("GET", "/v1/customers", "email=payer@example.com")
}

func (s *stand) conformMoney(paid string) {
	pi, err := s.PaymentIntents.Get(paid, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	charge := pi.LatestCharge.ID
	s.ok("POST", "/v1/charges/"+charge, "description=y&metadata[a]=b")
	s.ok("GET", "/v1/charges/"+charge, "expand[]=refunds&expand[]=balance_transaction&expand[]=customer&expand[]=payment_intent")
	part := s.ok("POST", "/v1/refunds", "payment_intent="+paid+"&amount=100&reason=requested_by_customer&metadata[refund]=r1&expand[]=charge")
	s.ok("POST", "/v1/refunds/"+part, "metadata[a]=b")
	s.ok("GET", "/v1/refunds/"+part, "expand[]=balance_transaction&expand[]=payment_intent")
	s.ok("GET", "/v1/charges/"+charge+"/refunds", "")
	s.ok("GET", "/v1/charges/"+charge+"/refunds/"+part, "")
	s.ok("GET", "/v1/charges/"+charge, "expand[]=refunds.data.balance_transaction")
	s.ok("POST", "/v1/refunds", "charge="+charge)
	s.refused(400, "POST", "/v1/refunds", "charge="+charge)
	s.refused(400, "POST", "/v1/refunds", "")
	for _, card := range []string{"pm_card_pendingRefund", "pm_card_refundFail", "pm_card_pendingRefund"} {
		s.ok("POST", "/v1/refunds", "payment_intent="+s.pay(card).ID)
	}
	s.ok("GET", "/v1/refunds", "payment_intent="+paid)
	s.ok("GET", "/v1/charges", "payment_intent="+paid)
	var list struct{ Data []struct{ ID string } }
	_, body := s.form("GET", "/v1/balance_transactions?type=charge", "", nil)
	if err := json.Unmarshal(body, &list); err != nil || len(list.Data) == 0 {
		s.t.Fatalf("no movements: %v %s", err, body)
	}
	s.ok("GET", "/v1/balance_transactions/"+list.Data[0].ID, "expand[]=source")
	s.ok("GET", "/v1/balance", "")
	s.advance(8)
	s.ok("GET", "/v1/balance", "")
	s.ok("GET", "/v1/account", "")
	account, err := s.Accounts.Get()
	if err != nil {
		s.t.Fatal(err)
	}
	s.ok("GET", "/v1/accounts/"+account.ID, "")
	s.refused(403, "GET", "/v1/accounts/acct_none", "")
}

func (s *stand) conformDisputes() {
	intent := s.pay("pm_card_createDispute").ID
	s.seconds(90)
	d := s.dispute(intent).ID
	s.ok("POST", "/v1/disputes/"+d, "evidence[customer_name]=N&submit=false&metadata[a]=b&expand[]=charge")
	s.ok("GET", "/v1/disputes/"+d, "expand[]=charge.balance_transaction&expand[]=payment_intent")
	s.ok("POST", "/v1/disputes/"+d+"/close", "")
	s.refused(400, "POST", "/v1/disputes/"+d+"/close", "")
	s.refused(404, "GET", "/v1/disputes/dp_none", "")
	s.act("/balance", map[string]any{"amount": 50000}, nil)
	payout := s.ok("POST", "/v1/payouts", "amount=100&currency=usd&description=x&metadata[a]=b&expand[]=destination")
	s.ok("GET", "/v1/payouts/"+payout, "expand[]=balance_transaction.source")
	s.refused(404, "GET", "/v1/payouts/po_none", "")
	s.refused(400, "POST", "/v1/payouts", "amount=1000000&currency=usd")
}

func (s *stand) conformSessions(who string) {
	params := sessionParams()
	params.Customer = stripe.String(who)
	params.AddExpand("line_items")
	params.AddExpand("customer")
	mine := s.session(params)
	s.checkout(mine, "4000000000000002")
	s.checkout(mine, "4242424242424242")
	email := sessionParams()
	email.CustomerEmail, email.PaymentMethodTypes = stripe.String("first@example.com"), nil
	other := s.session(email)
	s.ok("GET", "/v1/checkout/sessions/"+other.ID+"/line_items", "limit=1")
	s.ok("POST", "/v1/checkout/sessions/"+other.ID+"/expire", "expand[]=line_items")
	s.ok("GET", "/v1/checkout/sessions", "customer="+who+"&expand[]=data.payment_intent.latest_charge")
	setup := s.session(&stripe.CheckoutSessionParams{
		Mode: stripe.String("setup"), Currency: stripe.String("usd"), SuccessURL: stripe.String("https://seller.example"),
	})
	s.checkout(setup, "4242424242424242")
}

func (s *stand) conformEndpoints() {
	hook := s.ok("POST", "/v1/webhook_endpoints", "url=https://127.0.0.1:1/hook&enabled_events[]=charge.succeeded&api_version=2024-06-20")
	s.ok("GET", "/v1/webhook_endpoints/"+hook, "")
	s.ok("POST", "/v1/webhook_endpoints/"+hook, "disabled=true&description=x")
	s.ok("GET", "/v1/webhook_endpoints", "")
	s.ok("DELETE", "/v1/webhook_endpoints/"+hook, "")
	s.refused(400, "POST", "/v1/webhook_endpoints", "url=nowhere&enabled_events[]=*")
	var list struct{ Data []struct{ ID string } }
	_, body := s.form("GET", "/v1/events?limit=1", "", nil)
	if err := json.Unmarshal(body, &list); err != nil {
		s.t.Fatal(err)
	}
	s.ok("GET", "/v1/events/"+list.Data[0].ID, "")
	s.refused(404, "GET", "/v1/events/evt_none", "")
}

// Who has no key, a wrong one or another's account is refused in Stripe's form.
func TestRefusalsOfCallersConform(t *testing.T) {
	s := open(t)
	for want, header := range map[int]http.Header{
		http.StatusForbidden: {"Stripe-Account": {"acct_none"}},
	} {
		if status, body := s.form("GET", "/v1/balance", "", header); status != want {
			t.Errorf("%v: %d %s", header, status, body)
		}
	}
	for _, key := range []string{"", "sk_live_1", "pk_test_1", "nonsense"} {
		other := *s
		other.key = key
		other.refused(http.StatusUnauthorized, "GET", "/v1/balance", "")
	}
}

// Faults look as Stripe's own failures do.
func TestFaultsConform(t *testing.T) {
	s := open(t)
	for effect, status := range map[string]int{
		"error_before": 500, "error_after": 500, "rate_limit": 429, "lock_timeout": 429,
	} {
		s.faults(sandbox.FaultSpec{Rules: []sandbox.FaultRule{{Match: sandbox.FaultMatch{Path: "/v1/balance"}, Effect: effect}}})
		s.refused(status, "GET", "/v1/balance", "")
	}
}

// What is delivered is the event as the API answers it, whole.
func TestDeliveriesConform(t *testing.T) {
	spec, err := stripespec.Load()
	if err != nil {
		t.Fatal(err)
	}
	bodies := make(chan []byte, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		bodies <- body
	}))
	defer hook.Close()
	s := open(t)
	s.ok("POST", "/v1/webhook_endpoints", "url="+url.QueryEscape(hook.URL)+"&enabled_events[]=*&api_version=2024-06-20")
	s.checkout(s.session(sessionParams()), "4242424242424242")
	for range 4 { // intent created, charge and intent succeeded, session completed
		select {
		case body := <-bodies:
			if err := spec.CheckResponse("GET", "/v1/events/evt_1", http.StatusOK, body); err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Fatal("an event was not delivered")
		}
	}
}
