package dev_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// inFlight is how many payments are under way when everything dies.
const inFlight = 50

// Everything is killed at once while 50 payments are in flight. After the next
// start each invoice was charged once or not at all by the stand-in's own
// books, what was charged is paid, none is stuck, and nothing is missing.
func TestKillEverythingWhile50PaymentsAreInFlight(t *testing.T) {
	m := newMachine(t)
	m.start()
	admin := m.signIn()
	customer, card := m.payingCustomer(admin)
	invoices := make([]string, inFlight)
	for n := range invoices {
		status, made := admin.send("POST", "/v1/invoices", map[string]any{
			"customer_id": customer, "number": fmt.Sprintf("KILL-%d", n), "issue_date": "2026-01-01", "due_date": "2036-01-01",
			"lines": []map[string]any{{"description": "Work", "quantity": "1", "unit_price": "10.00", "amount": 1000}},
		})
		want(t, status, 201, made)
		invoices[n], _ = made["id"].(string)
		status, sent := admin.send("POST", "/v1/invoices/"+invoices[n]+"/send", map[string]any{})
		want(t, status, 200, sent)
	}
	var payers sync.WaitGroup
	var unanswered atomic.Int32
	for _, invoice := range invoices {
		payers.Go(func() {
			if _, ok := admin.try("POST", "/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 1000, "payment_method": card}); !ok {
				unanswered.Add(1)
			}
		})
	}
	before := m.confirms()
	for m.confirms() == before {
	}
	m.killEverything() // a first card was charged; the others are somewhere on their way
	payers.Wait()
	if unanswered.Load() == 0 {
		t.Fatal("every payment was answered before the end")
	}

	m.start()
	admin = m.signIn()
	books := map[string]int64{}
	m.until("no payment is in flight any more", func() bool {
		for _, invoice := range invoices {
			if _, now := admin.send("GET", "/v1/invoices/"+invoice, nil); now["in_flight"] != nil {
				return false
			}
		}
		return true
	})
	for _, intent := range m.intents() {
		metadata, _ := intent["metadata"].(map[string]any)
		invoice, _ := metadata["remit_invoice"].(string)
		received, _ := intent["amount_received"].(float64)
		books[invoice] += int64(received)
	}
	charged := 0
	for _, invoice := range invoices {
		_, now := admin.send("GET", "/v1/invoices/"+invoice, nil)
		switch {
		case books[invoice] == 1000 && now["status"] == "paid":
			charged++
		case books[invoice] == 0 && now["status"] == "open":
		default:
			t.Errorf("invoice %s is %v and was charged %d", invoice, now["status"], books[invoice])
		}
	}
	t.Logf("%d of %d were charged, %d had no answer", charged, inFlight, unanswered.Load())
	if charged == 0 {
		t.Error("nothing was charged, so nothing was in flight")
	}
	rebuild := exec.CommandContext(t.Context(), m.program, "rebuild")
	rebuild.Env = m.env
	said, err := rebuild.CombinedOutput()
	if err != nil || !strings.Contains(string(said), "started 0") {
		t.Errorf("the rebuild says: %s %v", said, err)
	}
}

// machine is a data folder with the true program, as `make run` starts it.
type machine struct {
	t       *testing.T
	program string
	folder  string
	env     []string
	url     string
	running *exec.Cmd
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	// Not t.TempDir: PostgreSQL's own user must reach it, and it goes only after the kill.
	folder, err := os.MkdirTemp("", "remit-kill") //nolint:usetesting // see above
	must(t, err)
	m := &machine{t: t, folder: folder, program: filepath.Join(folder, "remit")}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", m.program, "remit/cmd/remit")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v %s", err, said)
	}
	m.env = append(os.Environ(), "REMIT_DATA_DIR="+filepath.Join(folder, "data"), "REMIT_ADDR=127.0.0.1:0")
	t.Cleanup(func() {
		m.killEverything()
		must(t, os.RemoveAll(folder))
	})
	return m
}

// start starts the program and waits until it is ready.
func (m *machine) start() {
	m.t.Helper()
	var out lockedBuffer
	m.running = exec.CommandContext(m.t.Context(), m.program, "dev")
	m.running.Env, m.running.Stdout, m.running.Stderr = m.env, &out, &out
	must(m.t, m.running.Start())
	m.url = ""
	defer func() {
		if m.t.Failed() {
			m.t.Log(out.String())
		}
	}()
	m.until("Remit is ready", func() bool {
		if m.url == "" {
			for line := range strings.Lines(out.String()) {
				if at, found := strings.CutPrefix(strings.TrimSpace(line), "Remit runs at "); found {
					m.url = strings.TrimSpace(at)
				}
			}
			return false
		}
		response, err := http.Get(m.url + "/readyz")
		if err != nil {
			return false
		}
		must(m.t, response.Body.Close())
		return response.StatusCode == http.StatusOK
	})
}

// killEverything sends SIGKILL to every process of the data folder.
func (m *machine) killEverything() {
	processes, err := filepath.Glob("/proc/[0-9]*")
	must(m.t, err)
	for _, process := range processes {
		id, err := strconv.Atoi(filepath.Base(process))
		if err != nil || id == os.Getpid() {
			continue
		}
		command, _ := os.ReadFile(filepath.Join(process, "cmdline"))
		environment, _ := os.ReadFile(filepath.Join(process, "environ"))
		if strings.Contains(string(command), m.folder) || strings.Contains(string(environment), m.folder) {
			_ = syscall.Kill(id, syscall.SIGKILL)
		}
	}
	if m.running != nil {
		_ = m.running.Wait()
		m.running = nil
	}
}

func (m *machine) until(what string, so func() bool) {
	m.t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-deadline:
			m.t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// intents reads the PaymentIntents of the stand-in's own books.
func (m *machine) intents() []map[string]any {
	m.t.Helper()
	var ports map[string]int
	raw, err := os.ReadFile(filepath.Join(m.folder, "data", "ports.json"))
	must(m.t, err)
	must(m.t, json.Unmarshal(raw, &ports))
	key, err := os.ReadFile(filepath.Join(m.folder, "data", "stripe.key"))
	must(m.t, err)
	request, err := http.NewRequestWithContext(m.t.Context(), "GET", fmt.Sprintf("http://127.0.0.1:%d/_sandbox/books", ports["stripe"]), nil)
	must(m.t, err)
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(key)))
	response, err := http.DefaultClient.Do(request)
	must(m.t, err)
	defer func() { must(m.t, response.Body.Close()) }()
	var books struct {
		Intents []map[string]any `json:"payment_intents"`
	}
	must(m.t, json.NewDecoder(response.Body).Decode(&books))
	return books.Intents
}

// confirms counts the confirms that the stand-in has seen.
func (m *machine) confirms() int {
	m.t.Helper()
	n := 0
	for _, intent := range m.intents() {
		if received, _ := intent["amount_received"].(float64); received > 0 {
			n++
		}
	}
	return n
}

// person is signed in.
type person struct {
	m      *machine
	client *http.Client
}

func (m *machine) signIn() *person {
	m.t.Helper()
	jar, err := cookiejar.New(nil)
	must(m.t, err)
	p := &person{m: m, client: &http.Client{Jar: jar, Timeout: 40 * time.Second}}
	status, who := p.send("POST", "/v1/session", map[string]any{"email": "admin@remit.test", "password": "remit-demo"})
	want(m.t, status, 200, who)
	return p
}

// payingCustomer finds one of the demo's customers whose card pays.
func (m *machine) payingCustomer(p *person) (customer, card string) {
	m.t.Helper()
	_, items := p.send("GET", "/v1/work-items?limit=50", nil)
	list, _ := items["data"].([]any)
	for _, each := range list {
		item, _ := each.(map[string]any)
		invoice, _ := item["invoice"].(map[string]any)
		customer, _ = invoice["customer_id"].(string)
		_, methods := p.send("GET", "/v1/customers/"+customer+"/payment-methods", nil)
		saved, _ := methods["data"].([]any)
		for _, each := range saved {
			if method, _ := each.(map[string]any); method["last4"] == "4242" {
				card, _ = method["id"].(string)
				return customer, card
			}
		}
	}
	m.t.Fatal("no customer of the demo has a card that pays")
	return "", ""
}

func (p *person) send(method, path string, body any) (int, map[string]any) {
	p.m.t.Helper()
	answer, ok := p.try(method, path, body)
	if !ok {
		p.m.t.Fatalf("%s %s was not answered", method, path)
	}
	status, _ := answer["_status"].(int)
	return status, answer
}

func (p *person) try(method, path string, body any) (map[string]any, bool) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, false
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(p.m.t.Context(), method, p.m.url+path, reader)
	if err != nil {
		return nil, false
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(request)
	if err != nil {
		return nil, false
	}
	defer func() { _ = response.Body.Close() }()
	answer := map[string]any{}
	if json.NewDecoder(response.Body).Decode(&answer) != nil {
		return nil, false
	}
	answer["_status"] = response.StatusCode
	return answer, true
}

// lockedBuffer is what a process says, read while it says more.
type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

func want(t *testing.T, status, expected int, answer map[string]any) {
	t.Helper()
	if status != expected {
		t.Fatalf("got %d, want %d: %v", status, expected, answer)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
