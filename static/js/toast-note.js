"use strict";
// A toast says what was done and goes by itself; not while it is pointed at or holds the focus.

class ToastNote extends HTMLElement {
  connectedCallback() {
    this.start();
    this.addEventListener("pointerenter", () => clearTimeout(this.timer));
    this.addEventListener("focusin", () => clearTimeout(this.timer));
    this.addEventListener("pointerleave", () => this.start());
    this.addEventListener("focusout", () => this.start());
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  start() {
    clearTimeout(this.timer);
    const seconds = this.querySelector("form") ? 20 : 6;
    this.timer = setTimeout(() => this.remove(), seconds * 1000);
  }
}

customElements.define("toast-note", ToastNote);
