"use strict";
// A form that asks for a file of words: takes along what the field that `for` names holds now.

class SaveText extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", () => {
      this.querySelector('[name="findings"]').value = document.getElementById(this.getAttribute("for")).value;
    });
  }
}

customElements.define("save-text", SaveText);
