"use strict";
// Brings the waiting images to the practice, one at a time and in their order, until each is
// saved or refused. One window of this browser sends at a time; the screen stays on meanwhile.

const LOCK = "clinicpro-sending";
const ASLEEP = 60_000; // ms
const AGAIN = 5000; // ms
const HOPELESS = [400, 413, 415, 422];

class Sender {
  constructor() {
    this.saved = []; // What this window brought home, to be shown until the next patient.
  }

  start() {
    const wake = () => this.wake && this.wake();
    shots.addEventListener("change", wake);
    pairing.addEventListener("change", () => (this.paired === pairing.now.pairingId ? wake() : this.hurry()));
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    window.addEventListener("online", () => this.hurry());
    this.run();
  }

  /** Tries everything at once, whatever the pauses were. */
  hurry(shot) {
    this.paired = pairing.now.pairingId; // After a new scan nothing waits on, and the order is theirs.
    for (const one of shot ? [shot] : shots.all) one.notBefore = 0;
    if (this.wake) this.wake();
  }

  /** A page opened with no network has no token before the server's first answer. */
  canGo(shot) {
    return server.token && shot.state === "waiting" && pairing.isConfirmed && shot.ownerKey === pairing.now.ownerKey;
  }

  get waiting() {
    return shots.all.filter((one) => one.ownerKey === pairing.now.ownerKey && one.state !== "removed").length;
  }

  async run() {
    for (;;) {
      const going = shots.all.filter((one) => this.canGo(one));
      const shot = going.find((one) => one.notBefore <= performance.now());
      this.keepAwake(going.length > 0);
      try {
        if (shot) await this.alone(() => this.send(shot));
        else await this.pause(Math.min(...going.map((one) => one.notBefore)) - performance.now());
      } catch {
        await this.pause(AGAIN); // The disk of the phone is away for a moment, or another window sends.
      }
    }
  }

  /** Not while another window sends; one that says nothing for a minute sleeps, its turn is taken. */
  async alone(act) {
    try {
      return await navigator.locks.request(LOCK, { signal: AbortSignal.timeout(ASLEEP) }, act);
    } catch (error) {
      if (error.name !== "TimeoutError" || document.hidden) throw error;
      return navigator.locks.request(LOCK, { steal: true }, act);
    }
  }

  pause(milliseconds) {
    return new Promise((resolve) => {
      this.wake = resolve;
      if (milliseconds < Infinity) setTimeout(resolve, Math.max(0, milliseconds));
    });
  }

  async keepAwake(isSending) {
    if (this.isAwake === isSending || document.hidden || !navigator.wakeLock) return;
    this.isAwake = isSending;
    try {
      if (!isSending) return void (await this.lock?.release());
      this.lock = await navigator.wakeLock.request("screen");
      this.lock.addEventListener("release", () => (this.isAwake = false));
    } catch {
      this.isAwake = false; // Low battery: the phone decides.
    }
  }

  async send(shot) {
    await pairing.recall(); // Another window may have been here.
    if (!shot.held) await shots.load();
    if (!shots.all.includes(shot) || !this.canGo(shot)) return;
    try {
      await shotWay.bring(shot);
      const views = shot.takenUnder === pairing.memory.pairingId ? [shot.details.shotView] : [];
      await pairing.remember({ saved: pairing.memory.saved + 1, views: [...pairing.memory.views, ...views] });
      this.saved.unshift({ details: shot.details, thumb: await shots.thumb(shot) });
      await shots.wipe(shot);
    } catch (error) {
      await this.fail(shot, error);
    }
  }

  async fail(shot, error) {
    if (!(error instanceof Refusal)) error = new Refusal("", { status: 503 });
    shot.share = null;
    if (HOPELESS.includes(error.status)) {
      const details = { ...shot.details, reason: error.message || "The practice’s server refused it." };
      return shots.change(shot, { state: "refused", imageId: null, ticket: null, isThere: false, details });
    }
    shot.tries += 1;
    shot.notBefore = performance.now() + Math.max(error.wait * 1000, pauseAfter(shot.tries - 1));
    shot.words = error.status >= 500 && error.message ? error.message : "";
    if (error.status === 0) for (const one of shots.all) one.notBefore = Math.max(one.notBefore, shot.notBefore);
    shots.tell(false);
    return [0, 401, 403, 404, 410].includes(error.status) && pairing.look();
  }
}

const sender = new Sender();
