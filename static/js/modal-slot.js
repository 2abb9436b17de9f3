"use strict";
// Where htmx puts a dialog of the server's: it opens by itself and is forgotten when closed.

class ModalSlot extends HTMLElement {
  connectedCallback() {
    this.addEventListener("htmx:afterSwap", (event) => {
      if (event.target === this) this.open();
    });
    // The page behind was exchanged: the question is answered.
    document.addEventListener("htmx:afterSwap", (event) => {
      if (event.target.id === "page") this.clear();
    });
  }

  open() {
    const dialog = this.querySelector("dialog");
    if (!dialog) return;
    dialog.addEventListener("close", () => this.clear());
    dialog.showModal();
  }

  clear() {
    if (this.firstChild) htmx.swap(this, "", { swapStyle: "innerHTML" });
  }
}

customElements.define("modal-slot", ModalSlot);
