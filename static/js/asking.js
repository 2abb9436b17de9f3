"use strict";
// How the page asks the server by itself: the token, the sign-in, the words of a refusal.

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

  /** The answer to one request; waits for the sign-in dialog where one is needed, throws Refusal.
   *  `patience` in ms: after that there was no answer. */
  async request(url, { method = "GET", headers = {}, body, html = false, background = false, patience = 0 } = {}) {
    const all = { Accept: html ? "text/html" : "application/json", ...headers };
    if (html) all["HX-Request"] = "true";
    if (background) all["X-Background"] = "1"; // Does not count as the person being here.
    if (method !== "GET") all["X-CSRFToken"] = this.token;
    const signal = patience ? AbortSignal.timeout(patience) : undefined;
    const answer = await fetch(url, { method, headers: all, body, signal });
    if (answer.status === 401) {
      await this.signedIn();
      return this.request(url, { method, headers, body, html, background, patience });
    }
    if (!answer.ok) throw await this.refusal(answer);
    return answer;
  },

  /** Whether `url` answers 401 now; its body is not read, it may be a stream without end. */
  async isSignedOut(url) {
    const away = new AbortController();
    try {
      const answer = await fetch(url, { headers: { Accept: "text/event-stream", "X-Background": "1" }, signal: away.signal });
      return answer.status === 401;
    } catch {
      return false; // Unreachable is another matter.
    } finally {
      away.abort();
    }
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
      const words = this.parse(text).querySelectorAll(".alert__title, .alert__text, .card__problem [data-reason]");
      message = Array.from(words, (one) => one.textContent.trim().replace(/\.?$/, ".")).join(" ");
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
