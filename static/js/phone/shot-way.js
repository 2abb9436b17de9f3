"use strict";
// One image's way to the practice: presign, PUT, receipt; from where an earlier try left off.

const shotWay = {
  /** Returns when the practice has it; throws Refusal. */
  async bring(shot) {
    const content = await shots.content(shot);
    if (!content) throw new Refusal("The phone has lost it. Take it again.", { status: 422 });
    if (shot.isThere && !shot.ticket) return this.receipt(shot); // An earlier page got this far.
    if (shot.ticket && Date.parse(shot.ticket.expiresAt) < server.time) shot.ticket = null;
    if (!shot.ticket) {
      const ticket = await server.presign(shot, sender.waiting);
      if (ticket.duplicate) return null;
      shot.ticket = ticket;
      await shots.change(shot, { imageId: ticket.imageId });
    }
    if (!shot.isThere) await this.put(shot, content);
    return this.receipt(shot);
  },

  async receipt(shot) {
    this.show(shot, "Checking", null);
    try {
      return await server.receipt(shot.imageId, sender.waiting - 1);
    } catch (error) {
      if (error.status === 404 || error.status === 409) await shots.change(shot, { isThere: false }); // Nothing arrived after all.
      throw error;
    }
  },

  async put(shot, content) {
    const putting = new StorePut(shot.ticket, content);
    putting.onProgress = (loaded, total) => this.show(shot, `Sending ${Math.floor((100 * loaded) / total)}%`, loaded / total);
    putting.onSent = () => putting.onProgress(1, 1);
    const status = await putting.send();
    // 412: these bytes are there already, an earlier try got through.
    if (status === 200 || status === 412) return shots.change(shot, { isThere: true });
    if (status) shot.ticket = null; // The link ran out, or is not liked: a fresh one.
    throw new Refusal("", { status: status && 503 });
  },

  show(shot, words, share) {
    Object.assign(shot, { words, share });
    shots.tell(false);
  },
};
