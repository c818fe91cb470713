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
    if (target && (target.id === "main" || target === document.body) && main) { lead(main); }
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

  // The number that is typed, as digits with a point: "1200.00". Nothing where
  // it is no amount between the least and the most, in minor units.
  function amount(typed, button) {
    var zero = button.getAttribute("data-zero");
    var decimals = (zero.split(".")[1] || "").length;
    var text = typed.trim();
    [button.getAttribute("data-currency"), zero.replace(/[0-9.,]+$/, ""), "$", "¥"].some(function (mark) {
      if (mark && text.slice(0, mark.length).toUpperCase() === mark.toUpperCase()) { text = text.slice(mark.length).trim(); return true; }
      if (mark && text.slice(-mark.length).toUpperCase() === mark.toUpperCase()) { text = text.slice(0, -mark.length).trim(); return true; }
      return false;
    });
    var parts = /^(\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.(\d+))?$/.exec(text);
    var fraction = (parts && parts[2]) || "";
    if (!parts || fraction.length > decimals) { return ""; }
    var whole = parts[1].replace(/,/g, "").replace(/^0+(?=\d)/, "");
    fraction += "0".repeat(decimals - fraction.length);
    var minor = Number(whole + fraction);
    if (minor < Number(button.getAttribute("data-least")) || minor > Number(button.getAttribute("data-most"))) { return ""; }
    return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (decimals ? "." + fraction : "");
  }

  // A button that pays names the sum that is typed beside it, where it is one
  // that can be paid.
  function sums() {
    document.querySelectorAll("button[data-sum]").forEach(function (button) {
      var field = document.getElementById(button.getAttribute("data-sum"));
      if (!field) { return; }
      var sign = button.getAttribute("data-zero").replace(/[0-9.,]+$/, "");
      var sum = amount(field.value, button);
      button.textContent = sum ? "Pay " + sign + sum : "Pay this amount";
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
