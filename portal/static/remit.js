// What pages do beyond plain links and forms. Everything works without it.
(function () {
  "use strict";

  // Where a swap replaced the page's main part, the reader is led to what is
  // new: the list of errors if there is one, else the heading. Polls replace
  // smaller parts and leave the focus alone; what they found is announced.
  function announce(text) {
    var region = document.getElementById("announce");
    if (region && text) { region.textContent = text; }
  }

  function lead(root) {
    var target = root.querySelector("#problem") || root.querySelector("h1");
    if (!target) { return; }
    if (!target.hasAttribute("tabindex")) { target.setAttribute("tabindex", "-1"); }
    target.focus();
  }

  function idle() {
    document.querySelectorAll("button[aria-busy=true]").forEach(function (b) { b.removeAttribute("aria-busy"); });
    document.querySelectorAll("form[data-sent]").forEach(function (f) { delete f.dataset.sent; });
  }

  document.addEventListener("htmx:afterSwap", function (event) {
    var main = document.getElementById("main");
    var target = event.detail.target; // none where the history was restored
    if (target && target.id === "main" && main) { lead(main); }
  });

  document.addEventListener("htmx:load", function (event) {
    var part = event.detail.elt;
    if (part === document.body) { return; }
    var news = part.matches("[data-announce]") ? part : part.querySelector("[data-announce]");
    if (news) { announce(news.getAttribute("data-announce")); }
    sums();
  });

  // Buttons go busy on sending, never grey before. A second click on the same
  // form does nothing until the first was answered.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.dataset.sent) { event.preventDefault(); event.stopPropagation(); return; }
    form.dataset.sent = "1";
    if (event.submitter) { event.submitter.setAttribute("aria-busy", "true"); }
  }, true);
  window.addEventListener("pageshow", idle);
  document.addEventListener("htmx:afterRequest", idle);

  document.addEventListener("htmx:sendError", function () {
    var box = document.getElementById("offline");
    if (box) { box.hidden = false; }
    announce("Perhaps not sent. Sending again is safe.");
  });
  document.addEventListener("htmx:afterOnLoad", function () {
    var box = document.getElementById("offline");
    if (box) { box.hidden = true; }
  });

  // A button that pays names the sum that is typed beside it.
  function sums() {
    document.querySelectorAll("button[data-sum]").forEach(function (button) {
      var field = document.getElementById(button.getAttribute("data-sum"));
      if (!field) { return; }
      var sign = button.getAttribute("data-zero").replace(/[0-9.,]+$/, "");
      var typed = field.value.replace(/[^0-9.,]/g, "");
      button.textContent = typed ? "Pay " + sign + typed : "Pay this amount";
    });
  }
  document.addEventListener("input", sums);

  // A choice that only narrows a list sends itself.
  document.addEventListener("change", function (event) {
    if (event.target.hasAttribute("data-sends") && event.target.form) { event.target.form.requestSubmit(); }
  });

  document.addEventListener("DOMContentLoaded", function () {
    var problem = document.getElementById("problem");
    if (problem) { problem.focus(); }
    sums();
  });
})();
