"use strict";
// This phone's right to add images: from the code on the desk's screen to its end.
// What the server last said is kept, encrypted, so that the page works with no network.

const CODE_GOOD_FOR = 120_000;
const LOOK_EVERY = { redeemed: 1000, confirmed: 15_000 };
const GONE = "This code has run out. Make a new code at the desk and scan that.";

class Pairing extends EventTarget {
  constructor() {
    super();
    // state is "unknown" until the server, or what was kept, says more.
    this.now = { state: "unknown" };
    this.memory = {};
    this.isReached = navigator.onLine;
    this.problem = "";
    this.secret = this.stopped = "";
    for (const name of ["online", "pageshow"]) window.addEventListener(name, () => this.look());
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
    window.addEventListener("hashchange", () => this.take() && this.redeem());
    this.take();
  }

  /** Its time may run out while nobody answers; a phone's clock never overrules the server. */
  get isConfirmed() {
    const isLate = !this.isReached && this.now.endsAt && new Date(this.now.endsAt) < new Date();
    return this.now.state === "confirmed" && !isLate;
  }

  /** The secret goes out of the address bar and the history before anything else happens. */
  take() {
    const secret = location.hash.slice(1);
    if (secret) history.replaceState(null, "", location.pathname);
    if (secret) this.secret = secret;
    return Boolean(secret);
  }

  async start() {
    const kept = await vault.read("pairing", "now").catch(() => null);
    if (kept) Object.assign(this, await vault.unsealWords(kept).catch(() => {}));
    if (this.secret) return this.redeem();
    if (this.isConfirmed) this.tell();
    return this.look();
  }

  async redeem() {
    const until = Date.now() + CODE_GOOD_FOR;
    this.hear({ state: "unknown" }, "");
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await server.redeem(this.secret);
        this.secret = "";
        this.hear(answer, "");
        return this.look();
      } catch (error) {
        const isOver = Date.now() > until;
        if (error.status === 410 || isOver || (error.status && error.status < 500 && error.status !== 429)) {
          this.secret = "";
          this.hear({ state: "none" }, error.message || GONE);
          return this.look(); // The pairing it had before may still hold.
        }
        await new Promise((resolve) => setTimeout(resolve, error.wait * 1000 || pauseAfter(tries)));
      }
    }
  }

  /** Asks the server how things stand, now and again after a while. */
  look() {
    if (this.secret) return Promise.resolve();
    this.looking ||= this.ask().finally(() => {
      this.looking = null;
      clearTimeout(this.timer);
      const every = LOOK_EVERY[this.now.state] || (this.isReached ? 0 : 5000);
      if (every && !document.hidden) this.timer = setTimeout(() => this.look(), every);
    });
    return this.looking;
  }

  async ask() {
    try {
      const answer = await server.state();
      this.isReached = true;
      if (!this.secret && answer.pairingId !== this.stopped) this.hear(answer);
    } catch (error) {
      this.isReached = Boolean(error.status);
      this.tell();
    }
  }

  hear(answer, problem = this.problem) {
    const { csrfToken, ...now } = answer;
    const before = this.now;
    this.now = { ...(now.pairingId && now.pairingId === before.pairingId ? before : {}), ...now };
    this.problem = now.state === "redeemed" || now.state === "confirmed" ? "" : problem;
    // Labels, consent and the list of shots are one patient's: another pairing starts anew.
    if (this.memory.pairingId !== now.pairingId) this.memory = { pairingId: now.pairingId, saved: 0, views: [] };
    this.keep();
    this.tell();
  }

  remember(changes) {
    Object.assign(this.memory, changes);
    return this.keep();
  }

  /** What another window of this phone has done for the same patient. */
  async recall() {
    const kept = await vault.read("pairing", "now").then((one) => one && vault.unsealWords(one)).catch(() => null);
    if (kept && kept.memory.pairingId === this.now.pairingId) this.memory = kept.memory;
  }

  async keep() {
    const { now, memory } = this;
    try {
      if (!this.isConfirmed) await vault.forget("pairing", "now");
      else await vault.write("pairing", await vault.sealWords({ now, memory }), "now");
    } catch {
      this.tell(); // Without a disk it works as long as the page is open.
    }
  }

  tell() {
    this.dispatchEvent(new CustomEvent("change"));
  }

  /** Throws where the server can't be told; a pairing that was never confirmed is the desk's to end. */
  async leave() {
    const { state, pairingId } = this.now;
    if (state === "redeemed") this.stopped = pairingId;
    else await server.leave();
    this.hear({ state: "none" }, state === "redeemed" ? "Stopped here. Cancel the pairing on the desk too, then make a new code." : "");
  }
}

/** 1-2-4…60 s with jitter, in milliseconds. */
const pauseAfter = (tries) => Math.min(1000 * 2 ** tries, 60_000) * (0.75 + Math.random() / 2);
const pairing = new Pairing();
