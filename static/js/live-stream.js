"use strict";
// The page's one stream: open while the page is shown, each event told on as `live:NAME`.
// Hidden it holds no connection (a browser has six for all its tabs) and looks now and then.

const POLL = 10_000;
const HIDDEN_POLL = 15_000;
const LONGEST_WAIT = 60_000;

class LiveStream extends HTMLElement {
  connectedCallback() {
    this.names = this.getAttribute("events").split(" ");
    this.wait = 1000;
    this.onVisible = () => (document.hidden ? this.rest() : this.open());
    document.addEventListener("visibilitychange", this.onVisible);
    document.addEventListener("clinicpro:signed-in", this.onVisible);
    window.addEventListener("pagehide", () => this.close());
    this.onVisible();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.onVisible);
    document.removeEventListener("clinicpro:signed-in", this.onVisible);
    this.close();
  }

  open() {
    this.close();
    this.source = new EventSource(this.getAttribute("src"));
    this.source.addEventListener("open", () => {
      this.wait = 1000;
      this.tell(); // What happened while nobody listened.
    });
    for (const name of this.names) this.source.addEventListener(name, () => this.tell(name));
    this.source.addEventListener("closed", () => this.poll());
    this.source.addEventListener("error", () => this.reopen());
  }

  close() {
    if (this.source) this.source.close();
    clearTimeout(this.timer);
    clearInterval(this.polling);
    this.source = null;
  }

  tell(name) {
    for (const one of name ? [name] : this.names) document.dispatchEvent(new CustomEvent(`live:${one}`));
  }

  rest() {
    this.close();
    this.polling = setInterval(() => this.tell(), HIDDEN_POLL);
  }

  // Too many streams at once: look now and then, and try the stream again after a while.
  poll() {
    this.close();
    this.polling = setInterval(() => this.tell(), POLL);
    this.timer = setTimeout(() => this.open(), 6 * POLL);
  }

  // An EventSource does not say why it failed: ask whether it is the sign-in.
  async reopen() {
    this.close();
    this.timer = setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    if (!(await asking.isSignedOut(this.getAttribute("src")))) return;
    this.close();
    document.dispatchEvent(new CustomEvent("clinicpro:signed-out"));
  }
}

customElements.define("live-stream", LiveStream);
