"use strict";
// What htmx does with an answer that is not the one hoped for; the rest stands in htmx-config.

// 422: the same form comes back with its messages and takes its own place, whatever the target was.
function putFormBack(detail) {
  const form = detail.requestConfig.elt.closest("form[id]");
  if (!form || !asking.parse(detail.serverResponse).getElementById(form.id)) return;
  detail.target = form;
  detail.selectOverride = `#${CSS.escape(form.id)}`;
  detail.swapOverride = "outerHTML";
}

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const status = detail.xhr.status;
  if (status === 422) putFormBack(detail);
  if (status < 400 || status === 401 || status === 422) return;
  if (!detail.serverResponse.includes("<alert-note")) {
    detail.shouldSwap = false;
    notices.alert("danger", "The server could not do that", "Nothing was changed. Try again in a moment; if it lasts, tell the practice manager.");
  }
});

// A refusal is no page: the address stays.
document.addEventListener("htmx:beforeHistoryUpdate", ({ detail }) => {
  if (detail.xhr.status >= 400) Object.assign(detail.history, { type: "replace", path: location.pathname + location.search });
});

const isPolling = (element) => (element.getAttribute("hx-trigger") || "").includes("every");

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, ({ detail }) => {
    if (isPolling(detail.elt)) return;
    notices.alert("danger", "The server can’t be reached", "What you typed is still here. Check the network and try again.");
  });
}

// Whatever was changed from here shows in the grid without waiting for the stream.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful || detail.requestConfig.verb === "get") return;
  KeptText.drop(detail.requestConfig.elt.dataset.drops);
  document.dispatchEvent(new CustomEvent("live:images-changed"));
});
