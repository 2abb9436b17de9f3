"use strict";
// An alert stays until it was read: its button, or the link it offers, takes it away.

class AlertNote extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      if (event.target.closest("[data-close], [data-link]")) this.remove();
    });
  }
}

customElements.define("alert-note", AlertNote);
