package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options say where the stand-in keeps its books and how it behaves.
type Options struct {
	// Dir is the folder of the journal, made if absent. One process at a time.
	Dir string
	// PublicURL is the base of hosted pages, e.g. "http://127.0.0.1:12111". It
	// can be set later, once the address is known, through [Server.SetPublicURL].
	PublicURL string
	// Logger gets what goes wrong; nil means nothing is logged.
	Logger *slog.Logger
	// Now is the real time, on which every account's clock runs with an offset
	// of its own. Nil means [time.Now].
	Now func() time.Time
}

// Server is the stand-in: any number of accounts, one journal.
type Server struct {
	options Options
	logger  *slog.Logger
	now     func() time.Time
	secret  []byte // keys the fingerprints of cards and of request bodies
	journal *journal
	routes  *router
	client  *http.Client // delivers events

	directory directory

	background context.Context //nolint:containedctx // from Open to Close
	stop       context.CancelFunc
	running    sync.WaitGroup

	mu        sync.Mutex
	publicURL string
	worlds    map[string]*world // by account id
	located   map[string]*world // by the id of a global object
	live      bool              // replay is over; events go out
	closed    bool
}

// Open replays the journal in the folder and continues from there, deliveries
// and scheduled effects included. It returns an error if the journal is
// damaged or in use; a torn last line is neither.
func Open(o Options) (*Server, error) {
	if o.Dir == "" {
		return nil, errors.New("sandbox: Options.Dir is required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	secret, err := loadSecret(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	s := &Server{
		options: o, logger: o.Logger, now: o.Now, secret: secret,
		routes: newRouter(), client: deliveryClient(),
		publicURL: strings.TrimSuffix(o.PublicURL, "/"),
		worlds:    map[string]*world{}, located: map[string]*world{},
	}
	s.directory.init()
	s.background, s.stop = context.WithCancel(context.Background())
	if s.journal, err = openJournal(o.Dir, s.decodeEntry); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.live = true
	worlds := make([]*world, 0, len(s.worlds))
	for _, w := range s.worlds {
		worlds = append(worlds, w)
	}
	s.mu.Unlock()
	for _, w := range worlds {
		w.carryErrands() // of which a crash may have left some
		s.wakeFor(w)
	}
	return s, nil
}

// secretSize is the size of the folder's key, in bytes.
const secretSize = 32

// loadSecret reads the folder's random key, making it on first use. With it
// the journal can recognise a card or a request again without holding either.
func loadSecret(dir string) ([]byte, error) {
	path := filepath.Join(dir, "secret")
	secret, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return makeSecret(dir, path)
	case err != nil:
		return nil, err
	case len(secret) != secretSize:
		return nil, fmt.Errorf("%s holds %d bytes instead of %d", path, len(secret), secretSize)
	}
	return secret, nil
}

// makeSecret writes a new key whole or not at all: with half of one, every
// key of the journal would be unknown.
func makeSecret(dir, path string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	secret := make([]byte, secretSize)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	draft, err := os.CreateTemp(dir, "secret-")
	if err != nil {
		return nil, err
	}
	_, err = draft.Write(secret)
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), path)
	}
	return secret, err
}

// SetPublicURL sets the base of hosted page addresses made from now on.
func (s *Server) SetPublicURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publicURL = strings.TrimSuffix(url, "/")
}

// pageURL is the address of a hosted page, e.g. of "/_hosted/3ds/…".
func (s *Server) pageURL(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.publicURL + path
}

// Close stops deliveries and scheduled effects, which continue at the next
// Open, and closes the journal. Requests still running are answered 500.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.running.Wait()
	s.client.CloseIdleConnections()
	return s.journal.close()
}

// worldOf returns the account, opening it if it is new.
func (s *Server) worldOf(account string) *world {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.worlds[account]
	if !ok {
		w = newWorld(s, account)
		s.worlds[account] = w
	}
	return w
}

// known returns the account if it exists.
func (s *Server) known(account string) (*world, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.worlds[account]
	return w, ok
}

// locate remembers which account a global object is of.
func (s *Server) locate(id string, w *world, present bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if present {
		s.located[id] = w
	} else {
		delete(s.located, id)
	}
}

// owner returns the account that has the global object.
func (s *Server) owner(id string) (*world, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.located[id]
	return w, ok
}

// wakeFor starts the account's background work if it has none running, or
// makes it look again at what is due.
func (s *Server) wakeFor(w *world) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live || s.closed {
		return
	}
	if w.outbox.wake == nil {
		w.outbox.wake = make(chan struct{}, 1)
		s.running.Go(func() {
			w.work(s.background)
		})
	}
	select {
	case w.outbox.wake <- struct{}{}:
	default:
	}
}

// pause waits for d or until the server closes.
func (s *Server) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.background.Done():
	}
}
