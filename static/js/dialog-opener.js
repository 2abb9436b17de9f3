"use strict";
// Opens the dialog named by `for`; any [data-closes] inside a dialog closes it again.

class DialogOpener extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => {
      const dialog = document.getElementById(this.getAttribute("for"));
      if (dialog && !dialog.open) dialog.showModal();
    });
  }
}

customElements.define("dialog-opener", DialogOpener);

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog").close();
});
