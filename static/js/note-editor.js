"use strict";
// The note saves itself a moment after each change and keeps trying; of two windows neither loses its words.

const REST = 800;
const LONGEST_REST = 30_000;

class NoteEditor extends HTMLElement {
  connectedCallback() {
    this.version = this.dataset.version;
    this.fields = Array.from(this.querySelectorAll("textarea.note__text"));
    this.addEventListener("input", ({ target }) => this.fields.includes(target) && this.later(REST));
    this.addEventListener("click", (event) => {
      if (event.target.closest("[data-take]")) this.settle(true);
      if (event.target.closest("[data-keep-mine]")) this.settle(false);
    });
    this.onLeave = (event) => {
      if (this.isDirty) event.preventDefault();
    };
    window.addEventListener("beforeunload", this.onLeave);
  }

  disconnectedCallback() {
    window.removeEventListener("beforeunload", this.onLeave);
    if (this.isDirty) this.save();
  }

  later(milliseconds) {
    this.isDirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), milliseconds);
  }

  async save() {
    clearTimeout(this.timer);
    if (this.isSaving || this.querySelector("#conflict")) return;
    this.isSaving = true;
    this.isDirty = false;
    try {
      const body = new URLSearchParams({ version: this.version });
      for (const field of this.fields) body.set(field.name, field.value);
      const answer = await asking.request(this.dataset.url, { method: "PUT", body });
      ({ version: this.version } = await answer.json());
      this.failures = 0;
      this.say(`Saved ${new Date().toLocaleTimeString("en-NZ", { timeZone: "Pacific/Auckland", hour12: false })}`, true);
    } catch (error) {
      this.isDirty = true;
      this.onTrouble(error);
    } finally {
      this.isSaving = false;
    }
    if (this.isDirty && !this.querySelector("#conflict")) this.later(this.rest);
  }

  get rest() {
    return Math.min(REST * 2 ** (this.failures || 0), LONGEST_REST);
  }

  onTrouble(error) {
    this.failures = (this.failures || 0) + 1;
    if (error.status === 409 && error.body && error.body.includes('id="conflict"')) {
      this.querySelector("[data-conflict]").replaceChildren(asking.parse(error.body));
      this.say("Not saved: changed in another window", false);
    } else if (error.status >= 400 && error.status < 500) {
      this.say(`Not saved. ${error.message}`, false);
    } else {
      this.say("Not saved yet, trying again", false);
    }
  }

  settle(takesTheirs) {
    const conflict = this.querySelector("#conflict");
    this.version = conflict.dataset.version;
    if (takesTheirs) for (const field of this.fields) field.value = conflict.querySelector(`[data-theirs="${field.name}"]`).textContent;
    conflict.remove();
    this.save();
  }

  say(words, isSaved) {
    const line = this.querySelector("[data-saved]");
    line.textContent = words;
    line.classList.toggle("note__saved--late", !isSaved);
  }
}

customElements.define("note-editor", NoteEditor);
