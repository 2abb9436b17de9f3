"use strict";
// A clock that runs from data-since, as 6:42; a <progress> inside runs along, in seconds.

class ElapsedTime extends HTMLElement {
  connectedCallback() {
    this.since = Date.parse(this.dataset.since);
    this.timer = setInterval(() => this.show(), 1000);
    this.show();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  show() {
    const seconds = Math.max(0, Math.floor((Date.now() - this.since) / 1000));
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    const words = hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
    this.querySelector("[data-elapsed]").textContent = words;
    const line = this.querySelector("progress");
    if (line) line.value = Math.min(seconds, line.max);
  }
}

customElements.define("elapsed-time", ElapsedTime);
