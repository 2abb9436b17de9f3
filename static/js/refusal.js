"use strict";
// What an answer that is no success becomes, and how long to wait before the next try.

const PATIENCE = 20_000; // ms: bad Wi-Fi often says nothing at all

/** `status` 0: there was no answer. `message` is the server's own sentence, `wait` in seconds. */
class Refusal extends Error {
  constructor(message, { status, code = "", wait = 0 }) {
    super(message);
    Object.assign(this, { status, code, wait });
  }
}

/** 1-2-4…60 s with jitter, in milliseconds. */
const pauseAfter = (tries) => Math.min(1000 * 2 ** tries, 60_000) * (0.75 + Math.random() / 2);
