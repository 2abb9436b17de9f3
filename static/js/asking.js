"use strict";
// How the page asks the server by itself: the token, the sign-in, the words of a refusal.

/** An answer that is not a success; `message` is the server's own sentence. */
class Refusal extends Error {
  constructor(message, { status, code = "", wait = 0 }) {
    super(message);
    Object.assign(this, { status, code, wait });
  }
}

const asking = {
  get token() {
    return document.querySelector('meta[name="csrf-token"]').content;
  },

  get userId() {
    return document.querySelector('meta[name="user-id"]').content;
  },

  /** After a sign-in every place that holds the token holds the new one. */
  renew(token) {
    document.querySelector('meta[name="csrf-token"]').content = token;
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
    for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = token;
  },

  /** Resolves when the same person is signed in again. */
  signedIn() {
    return new Promise((resolve) => {
      document.addEventListener("clinicpro:signed-in", () => resolve(), { once: true });
      document.dispatchEvent(new CustomEvent("clinicpro:signed-out"));
    });
  },

  /** The answer to one request; waits for the sign-in dialog where one is needed, throws Refusal. */
  async request(url, { method = "GET", headers = {}, body, html = false } = {}) {
    const all = { Accept: html ? "text/html" : "application/json", ...headers };
    if (html) all["HX-Request"] = "true";
    if (method !== "GET") all["X-CSRFToken"] = this.token;
    const answer = await fetch(url, { method, headers: all, body });
    if (answer.status === 401) {
      await this.signedIn();
      return this.request(url, { method, headers, body, html });
    }
    if (!answer.ok) throw await this.refusal(answer);
    return answer;
  },

  async refusal(answer) {
    const text = await answer.text();
    const wait = Number(answer.headers.get("Retry-After")) || 0;
    let message = "";
    let code = "";
    if ((answer.headers.get("Content-Type") || "").includes("json")) {
      try {
        ({ error: message = "", code = "" } = JSON.parse(text));
      } catch {
        message = ""; // A broken body says nothing worth showing.
      }
    } else {
      const words = this.parse(text).querySelector(".alert__text, .alert__title, .card__problem > span");
      message = words ? words.textContent.trim() : "";
    }
    const refusal = new Refusal(message, { status: answer.status, code, wait });
    refusal.body = text;
    return refusal;
  },

  /** A fragment of the server's HTML. Scripts in it do not run. */
  parse(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  },
};
