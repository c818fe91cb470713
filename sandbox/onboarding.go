package sandbox

import (
	"net/http"
	"net/url"
	"time"
)

// formLife is how long somebody may stay in the form that a link opened.
const formLife = 24 * time.Hour

// onboarding is a visit to the form by which an account's owner sets it up.
type onboarding struct {
	ID        string `json:"id"`
	Created   int64  `json:"created"`
	ExpiresAt int64  `json:"expires_at"`
	ReturnURL string `json:"return_url"`
	// Errors are what was wrong with the step that was sent last, by field, and
	// Typed what was typed there and may be shown again.
	Step   string            `json:"step,omitempty"`
	Errors map[string]string `json:"errors,omitempty"`
	Typed  map[string]string `json:"typed,omitempty"`
}

var onboardings = register(&kind{name: "_onboarding", global: true, fresh: func() object { return &onboarding{} }})

func (*onboarding) kind() *kind        { return onboardings }
func (o *onboarding) key() string      { return o.ID }
func (o *onboarding) born() int64      { return o.Created }
func (*onboarding) listedBy() []string { return nil }
func (*onboarding) hidden() any        { return nil }

func (o *onboarding) page(step string) string {
	if step == "" {
		return "/_hosted/onboarding/" + o.ID
	}
	return "/_hosted/onboarding/" + o.ID + "/" + step
}

// openForm begins a visit that ends at an address.
func (t *tx) openForm(returnURL string) *onboarding {
	o := &onboarding{
		ID: "visit" + random(24), Created: t.seconds(), ExpiresAt: t.at.Add(formLife).Unix(), ReturnURL: returnURL,
	}
	t.put(o)
	return o
}

func init() {
	hosted("GET /_hosted/onboarding/{visit}", func(s *Server, w http.ResponseWriter, r *http.Request) {
		s.onForm(w, r, func(t *tx, o *onboarding, a *account) reply { return reply{to: o.page(a.nextStep())} })
	})
	hosted("GET /_hosted/onboarding/{visit}/{step}", showStep)
	hosted("POST /_hosted/onboarding/{visit}/{step}", submitStep)
}

// onForm runs a request of the form. A visit that is over leads back to the
// platform.
func (s *Server) onForm(w http.ResponseWriter, r *http.Request, do func(t *tx, o *onboarding, a *account) reply) {
	s.onPage(w, r, r.PathValue("visit"), func(t *tx) (reply, error) {
		o, ok := get[onboarding](t, r.PathValue("visit"))
		if !ok {
			return reply{}, errGone
		}
		a := must[account](t, t.world.id)
		if t.seconds() >= o.ExpiresAt || a.Kept.Deleted || a.Kept.Setup == nil || a.formEnded() {
			return reply{to: o.ReturnURL}, nil
		}
		return do(t, o, a), nil
	})
}

// formEnded says that there is nothing to fill in.
func (a *account) formEnded() bool {
	s := a.Kept.Setup
	return s.Rejected != "" || s.Submitted && s.Verification != isUnproven && s.Restriction == nil
}

// onboardView is what a step of the form shows.
type onboardView struct {
	Title, Seller, Heading, Words string
	Number, Of                    int
	Fields                        []formField
	Summary                       []lineView
	Owed                          []string
	Action, Back                  string
	Button                        string
	Review, Document              bool
}

func showStep(s *Server, w http.ResponseWriter, r *http.Request) {
	s.onForm(w, r, func(t *tx, o *onboarding, a *account) reply {
		step, place, of := a.step(r.PathValue("step"))
		if step == nil {
			return reply{to: o.page(a.nextStep())}
		}
		view := onboardView{
			Title: step.heading, Seller: t.sellerName(), Heading: step.heading, Words: step.words,
			Number: place + 1, Of: of, Action: o.page(step.name), Button: "Continue",
			Review: step.name == "review", Document: step.name == "update",
		}
		status := http.StatusOK
		for _, field := range step.fields(a) {
			shown := field.shown(t, a)
			if o.Step == step.name && len(o.Errors) > 0 {
				status = http.StatusUnprocessableEntity
				shown.Error = o.Errors[field.name]
				if typed, was := o.Typed[field.name]; was {
					shown.Value = typed
				}
			}
			shown.choose()
			view.Fields = append(view.Fields, shown)
		}
		if place > 0 {
			view.Back = o.page(a.steps()[place-1].name)
		}
		if view.Review {
			view.Button, view.Summary, view.Owed = "Agree and submit", t.summary(a), a.owedBeforeSubmit()
		}
		if view.Document {
			view.Button, view.Owed = "Submit", a.Requirements.CurrentlyDue
		}
		return reply{status: status, template: "onboard", view: view}
	})
}

// submitStep keeps what a step was given. Who leaves ("then=later") goes back to
// the platform with that much kept.
func submitStep(s *Server, w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<14)
	if err := r.ParseForm(); err != nil {
		s.page(w, http.StatusBadRequest, "notice", notice{Title: "Something went wrong", Words: "Please go back and try again."})
		return
	}
	s.onForm(w, r, func(t *tx, o *onboarding, a *account) reply {
		step, place, _ := a.step(r.PathValue("step"))
		if step == nil {
			return reply{to: o.page(a.nextStep())}
		}
		leaving := r.PostForm.Get("then") == "later"
		errors, typed := t.takeStep(step, r.PostForm)
		a = must[account](t, t.world.id)
		if leaving {
			return reply{to: o.ReturnURL}
		}
		if len(errors) > 0 {
			o.Step, o.Errors, o.Typed = step.name, errors, typed
			t.put(o)
			return reply{to: o.page(step.name)}
		}
		o.Step, o.Errors, o.Typed = "", nil, nil
		t.put(o)
		switch step.name {
		case "review":
			if len(a.owedBeforeSubmit()) > 0 {
				return reply{to: o.page("review")}
			}
			t.acceptTerms(r)
			t.submitSetup()
			return reply{to: o.ReturnURL}
		case "update":
			t.answerRestriction()
			return reply{to: o.ReturnURL}
		}
		return reply{to: o.page(a.steps()[place+1].name)}
	})
}

// takeStep keeps the fields that are right, and returns what is wrong with the
// others and what of all may be shown again.
func (t *tx) takeStep(step *onboardStep, form url.Values) (errors, typed map[string]string) {
	errors, typed = map[string]string{}, map[string]string{}
	t.changeSetup(func(a *account, s *accountSetup) {
		fields := step.fields(a)
		for _, field := range fields {
			value := form.Get(field.name)
			if !field.secret {
				typed[field.name] = value
			}
			if value == "" && field.kept(t, a) {
				continue
			}
			if wrong := field.take(t, a, s, value); wrong != "" {
				errors[field.name] = wrong
			}
		}
	})
	return errors, typed
}

// acceptTerms keeps when and from where the owner agreed.
func (t *tx) acceptTerms(r *http.Request) {
	now, ip := t.seconds(), callerIP(r)
	t.changeSetup(func(a *account, s *accountSetup) {
		s.say("tos_acceptance.date", "given")
		s.say("tos_acceptance.ip", "given")
		a.TOSAcceptance.Date, a.TOSAcceptance.IP = &now, &ip
	})
}

// answerRestriction takes what Stripe wanted besides as given, and lets it look
// once more where it could not verify somebody.
func (t *tx) answerRestriction() {
	a := t.changeSetup(func(_ *account, s *accountSetup) { s.Restriction = nil })
	if a.Kept.Setup.Verification == isUnproven {
		t.changeSetup(func(_ *account, s *accountSetup) { s.Doubtful = false })
		t.submitSetup()
	}
}
