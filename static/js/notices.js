"use strict";
// What the browser has to say by itself; the markup is the server's (templates/_notices.html).

const notices = {
  /** Failures and things worth reading stay until they are dismissed. */
  alert(kind, title, text, href) {
    const note = this.fill(`notice-${kind}`, title, text);
    const link = note.querySelector("[data-link]");
    if (link && href) link.href = href;
    document.getElementById("alerts").replaceChildren(note);
  },

  toast(title) {
    document.getElementById("toasts").append(this.fill("notice-toast", title, ""));
  },

  fill(id, title, text) {
    const note = document.getElementById(id).content.cloneNode(true);
    note.querySelector("[data-title]").textContent = title;
    const words = note.querySelector("[data-text]");
    if (words) words.textContent = text;
    return note.firstElementChild;
  },
};
