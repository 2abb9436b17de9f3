"use strict";
// The code on the desk's screen: its secret comes in the address and is told once.

const CODE_GOOD_FOR = 120_000;
const GONE = "This code has run out. Make a new code at the desk and scan that.";

const code = {
  secret: "",

  /** The secret goes out of the address bar and the history before anything else happens. */
  take() {
    const secret = location.hash.slice(1);
    if (!secret) return false;
    history.replaceState(null, "", location.pathname);
    this.secret = secret;
    return true;
  },

  /** The server's answer, or the problem in words; tries as long as the code may be good. */
  async redeem() {
    const until = performance.now() + CODE_GOOD_FOR;
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await server.redeem(this.secret);
        this.secret = "";
        return { answer, problem: "" };
      } catch (error) {
        const mayHelp = error.status === 0 || error.status === 429 || error.status >= 500;
        if (!mayHelp || performance.now() > until) {
          this.secret = "";
          return { problem: error.message || GONE };
        }
        await new Promise((resolve) => setTimeout(resolve, error.wait * 1000 || pauseAfter(tries)));
      }
    }
  },
};
