"use strict";
// How the phone asks the server: what it may ask, and what an answer that is no success says.

const server = {
  token: "",
  ahead: 0, // ms, whole minutes: the practice's clock before this phone's, which nobody may have set

  get time() {
    return Date.now() + this.ahead;
  },

  async ask(path, body) {
    const isPost = body !== undefined;
    const options = { cache: "no-store", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE) };
    if (isPost) {
      Object.assign(options, { method: "POST", body: JSON.stringify(body) });
      Object.assign(options.headers, { "Content-Type": "application/json", "X-CSRFToken": this.token });
    }
    let answer;
    let said = {};
    try {
      answer = await fetch(path, options);
      said = await answer.json();
    } catch (error) {
      if (!answer || error.name !== "SyntaxError") throw new Refusal("", { status: 0 });
      said = {}; // Not JSON: a proxy's page, or nothing.
    }
    const date = Date.parse(answer.headers.get("Date"));
    if (date) this.ahead = Math.round((date - Date.now()) / 60_000) * 60_000;
    if (said.csrfToken) this.token = said.csrfToken;
    if (answer.ok) return said;
    const wait = Number(answer.headers.get("Retry-After")) || 0;
    throw new Refusal(said.error || "", { status: answer.status, code: said.code, wait });
  },

  state() {
    return this.ask("/m/state");
  },

  redeem(secret) {
    return this.ask("/m/redeem", { secret, device: navigator.userAgentData?.platform || "" });
  },

  leave() {
    return this.ask("/m/leave", {});
  },

  presign(shot, waiting) {
    const { shotView, reason, place, ...said } = shot.details;
    return this.ask("/api/uploads/presign", { ...said, takenUnder: shot.takenUnder, waiting });
  },

  receipt(imageId, waiting) {
    return this.ask(`/api/uploads/${imageId}/receipt`, { waiting });
  },
};
