"use strict";
// How long a code can still be scanned, from data-seconds on; the page behind asks what became of it.

class CodeCountdown extends HTMLElement {
  connectedCallback() {
    this.until = performance.now() + Number(this.dataset.seconds) * 1000;
    this.timer = setInterval(() => this.show(), 1000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  show() {
    const left = Math.max(0, Math.ceil((this.until - performance.now()) / 1000));
    this.querySelector("[data-left]").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    this.querySelector("[data-line]").value = left;
  }
}

customElements.define("code-countdown", CodeCountdown);
