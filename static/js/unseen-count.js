"use strict";
// How many images arrived since the person last did something here: before the page's title.

const unseen = {
  count: 0,

  add(number) {
    this.count += number;
    this.show();
  },

  clear() {
    if (!this.count) return;
    this.count = 0;
    this.show();
  },

  show() {
    const plain = document.title.replace(/^\(\d+\) /, "");
    document.title = this.count ? `(${this.count}) ${plain}` : plain;
  },
};

for (const name of ["focus", "pointerdown", "keydown"]) window.addEventListener(name, () => unseen.clear());
