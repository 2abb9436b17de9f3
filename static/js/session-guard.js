"use strict";
// A sign-in that ended in the middle of work: ask over the page, then go on where it stopped.

class SessionGuard extends HTMLElement {
  connectedCallback() {
    this.blocked = [];
    this.wentOn = 0;
    this.dialog = this.querySelector("dialog");
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => this.signIn(event));
    document.addEventListener("clinicpro:signed-out", () => this.ask());
    document.addEventListener("htmx:beforeSwap", ({ detail }) => {
      if (detail.xhr.status === 401) this.block(detail.requestConfig);
    });
  }

  // Trash and move are clicked again by the person; everything else goes on by itself, once.
  block({ verb, path, elt }) {
    const polls = (elt.getAttribute("hx-trigger") || "").includes("every");
    if (!polls && !elt.matches("[data-leaves]")) this.blocked.push({ verb, path, elt });
    this.ask();
  }

  async ask() {
    if (this.isAsking) return;
    this.isAsking = true;
    const unsent = this.querySelector("[data-unsent]");
    const count = typeof sending === "undefined" ? 0 : sending.unsent;
    unsent.hidden = count === 0;
    unsent.querySelector("[data-count]").textContent = count === 1 ? "1 image waits" : `${count} images wait`;
    // Signed in again in another tab? Then only the token is old.
    const state = await this.state();
    if (state && state.userId && Date.now() - this.wentOn > 5000) return this.goOn(state);
    this.dialog.showModal();
  }

  async state() {
    try {
      const answer = await fetch("/login/token", { headers: { Accept: "application/json" } });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null; // Unreachable: the dialog says so when the form is sent.
    }
  }

  async signIn(event) {
    event.preventDefault();
    const button = this.form.querySelector('[type="submit"]');
    button.disabled = true;
    try {
      const state = await this.state();
      if (!state) throw new Error("The server can’t be reached. Try again in a moment.");
      const answer = await fetch(this.form.action, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": state.csrfToken },
        body: new URLSearchParams(new FormData(this.form)),
      });
      const body = await answer.json();
      if (!answer.ok) throw new Error(body.error || "That did not work. Check the password.");
      this.form.elements.password.value = "";
      this.goOn(body);
    } catch (error) {
      const words = this.querySelector("[data-error]");
      words.textContent = error instanceof SyntaxError || error instanceof TypeError ? "The server can’t be reached. Try again in a moment." : error.message;
      words.hidden = false;
      this.form.elements.password.focus();
    } finally {
      button.disabled = false;
    }
  }

  goOn({ userId, csrfToken }) {
    if (userId !== asking.userId) return location.reload();
    asking.renew(csrfToken);
    this.wentOn = Date.now();
    this.isAsking = false;
    this.querySelector("[data-error]").hidden = true;
    if (this.dialog.open) this.dialog.close();
    document.dispatchEvent(new CustomEvent("clinicpro:signed-in"));
    for (const { verb, path, elt } of this.blocked.splice(0)) {
      if (elt.isConnected) htmx.ajax(verb, path, { source: elt });
    }
  }
}

customElements.define("session-guard", SessionGuard);

// Esc would leave the page without a sign-in and without a word.
document.addEventListener("cancel", (event) => {
  if (event.target.id === "expired") event.preventDefault();
}, true);
