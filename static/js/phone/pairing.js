"use strict";
// This phone's right to add images: from the code on the desk's screen to its end.
// What the server last said is kept, encrypted, so that the page works with no network.

const LOOK_EVERY = { redeemed: 1000, confirmed: 4000 };

class Pairing extends EventTarget {
  constructor() {
    super();
    // state is "unknown" until the server, or what was kept, says more.
    this.now = { state: "unknown" };
    this.memory = {};
    this.isReached = navigator.onLine;
    this.problem = "";
    this.stopped = "";
    this.turn = 0; // Counts what the person did: an answer to a question before that is stale.
    for (const name of ["online", "pageshow"]) window.addEventListener(name, () => this.look());
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
    window.addEventListener("hashchange", () => code.take() && this.redeem());
    code.take();
  }

  /** Its time, by the practice's clock, may run out while nobody answers. */
  get isConfirmed() {
    const isLate = !this.isReached && this.now.endsAt && Date.parse(this.now.endsAt) < server.time;
    return this.now.state === "confirmed" && !isLate;
  }

  async start() {
    const kept = await vault.read("pairing", "now").catch(() => null);
    if (kept) Object.assign(this, await vault.unsealWords(kept).catch(() => {}));
    server.ahead ||= this.now.ahead || 0;
    if (code.secret) return this.redeem();
    if (this.isConfirmed) this.tell();
    return this.look();
  }

  async redeem() {
    this.stopped = "";
    this.hear({ state: "unknown" }, "");
    const { answer = { state: "none" }, problem } = await code.redeem();
    this.turn += 1;
    this.looking = null;
    this.hear(answer, problem);
    return this.look(); // The pairing it had before may still hold.
  }

  /** Asks the server how things stand, now and again after a while. */
  look() {
    if (code.secret) return Promise.resolve();
    this.looking ||= this.ask(this.turn).finally(() => {
      this.looking = null;
      clearTimeout(this.timer);
      const every = LOOK_EVERY[this.now.state] || (this.isReached ? 0 : 5000);
      if (every && !document.hidden) this.timer = setTimeout(() => this.look(), every);
    });
    return this.looking;
  }

  async ask(turn) {
    try {
      const answer = await server.state();
      this.isReached = true;
      this.heardAt = Date.now();
      if (turn === this.turn && !code.secret && answer.pairingId !== this.stopped) this.hear(answer);
    } catch (error) {
      this.isReached = Boolean(error.status);
      this.tell();
    }
  }

  hear(answer, problem = this.problem) {
    const { csrfToken, ...now } = answer;
    const before = this.now;
    this.now = { ...(now.pairingId && now.pairingId === before.pairingId ? before : {}), ...now, ahead: server.ahead };
    this.problem = now.state === "redeemed" || now.state === "confirmed" ? "" : problem;
    // Labels, consent and the list of shots are one patient's: another pairing starts anew.
    if (this.memory.pairingId !== now.pairingId) this.memory = { pairingId: now.pairingId, saved: 0, views: [] };
    this.keep();
    this.tell();
  }

  remember(changes) {
    Object.assign(this.memory, changes);
    return this.keep(changes);
  }

  /** What another window of this phone has done for the same patient. */
  async recall() {
    if (this.isAhead) return;
    const kept = await vault.read("pairing", "now").then((one) => one && vault.unsealWords(one)).catch(() => null);
    if (kept && kept.memory.pairingId === this.now.pairingId) this.memory = kept.memory;
  }

  /** One window at a time, each on what the others have done: one that slept knows less. */
  keep(changes) {
    return navigator.locks?.request("clinicpro-pairing", async () => {
      await this.recall();
      Object.assign(this.memory, changes);
      await this.write();
    });
  }

  async write() {
    const { ghost, ...now } = this.now; // Nothing of an earlier photo is kept.
    const kept = this.isConfirmed ? { now, memory: this.memory } : null;
    const words = JSON.stringify(kept);
    if (kept && words === this.kept) return; // Most answers say nothing new: the disk may rest.
    this.kept = words;
    try {
      if (kept) await vault.write("pairing", await vault.sealWords(kept), "now");
      else await vault.forget("pairing", "now");
      this.isAhead = false;
    } catch {
      Object.assign(this, { kept: "", isAhead: true }); // Without a disk it works as long as the page is open.
      this.tell();
    }
  }

  tell() {
    this.dispatchEvent(new CustomEvent("change"));
  }

  /** Throws where the server can't be told; before the desk confirmed, this phone stops all the same. */
  async leave() {
    const { state, pairingId } = this.now;
    let words = "";
    try {
      await server.leave();
    } catch (error) {
      const isOver = error.status === 401;
      if (!isOver && state !== "redeemed") throw error;
      if (!isOver) {
        this.stopped = pairingId; // Whatever the desk confirms.
        words = "Stopped on this phone alone. Press No on the desk too, then make a new code.";
      }
    }
    this.turn += 1;
    this.hear({ state: "none" }, words);
  }
}

const pairing = new Pairing();
