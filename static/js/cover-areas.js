"use strict";
// Areas to paint black over an image, by mouse, finger or keys; the server bakes and shows them.

const WHOLE = 10_000; // The areas' units to a side.
const NUDGE = 200;
const LEAST = 100;

class CoverAreas extends HTMLElement {
  connectedCallback() {
    this.drawing = this.querySelector("svg");
    this.field = this.querySelector('[name="areas"]');
    this.list = this.querySelector("[data-list]");
    this.dialog = this.closest("dialog");
    this.drawing.addEventListener("pointerdown", (event) => this.begin(event));
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("focusin", (event) => this.choose(Number(event.target.dataset.area)));
    this.list.addEventListener("click", (event) => this.choose(Number(event.target.dataset.area)));
    this.querySelector("[data-add]").addEventListener("click", () => this.add());
    this.dialog.addEventListener("close", () => this.reset());
    this.saved = this.field.value; // Writing to a hidden field changes its default too.
    this.reset();
    // The dialog that was open hides the rest of the page until it is gone.
    if (CoverAreas.isDone) requestAnimationFrame(() => document.getElementById("cover-open").focus());
    CoverAreas.isDone = false;
    this.querySelector("[data-done]").addEventListener("click", () => { CoverAreas.isDone = true; });
  }

  /** Back to what the server shows. */
  reset() {
    this.areas = JSON.parse(this.saved);
    this.draw(-1);
  }

  draw(chosen) {
    this.field.value = JSON.stringify(this.areas);
    this.drawing.replaceChildren(...this.areas.map((area) => CoverAreas.rectangle(area)));
    const focused = this.list.contains(document.activeElement);
    this.list.replaceChildren(...this.areas.map((_, number) => CoverAreas.button(number)));
    this.choose(chosen);
    if (focused && this.list.children[chosen]) this.list.children[chosen].focus();
  }

  static rectangle([x, y, width, height]) {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x, y, width, height, class: "covering__area" })) shape.setAttribute(name, value);
    return shape;
  }

  static button(number) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button button--small", textContent: `Area ${number + 1}` });
    button.dataset.area = number;
    return button;
  }

  choose(number) {
    Array.from(this.drawing.children, (shape, at) => shape.classList.toggle("covering__area--chosen", at === number));
    const area = this.areas[number];
    const [x, y, width, height] = (area || []).map((one) => Math.round(one / 100));
    const count = this.areas.length === 1 ? "1 area covered." : `${this.areas.length} areas covered.`;
    this.querySelector("[data-said]").textContent = area ? `Area ${number + 1}: ${x}% from the left, ${y}% from the top, ${width}% wide, ${height}% high.` : count;
  }

  add() {
    this.areas.push([3500, 3500, 3000, 3000]);
    this.draw(this.areas.length - 1);
    this.list.lastElementChild.focus();
  }

  at(event) {
    const box = this.drawing.getBoundingClientRect();
    const inside = (value) => Math.round(Math.min(1, Math.max(0, value)) * WHOLE);
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  }

  begin(event) {
    if (event.button) return;
    event.preventDefault();
    const [left, top] = this.at(event);
    const number = this.areas.push([left, top, 0, 0]) - 1;
    this.drawing.setPointerCapture(event.pointerId);
    const move = (moved) => {
      const [x, y] = this.at(moved);
      this.areas[number] = [Math.min(left, x), Math.min(top, y), Math.abs(x - left), Math.abs(y - top)];
      this.draw(number);
    };
    const end = () => {
      this.drawing.removeEventListener("pointermove", move);
      const [, , width, height] = this.areas[number];
      if (width < LEAST || height < LEAST) this.areas.splice(number, 1);
      this.draw(this.areas.length - 1);
    };
    this.drawing.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) this.drawing.addEventListener(name, end, { once: true });
  }

  onKey(event) {
    const number = Number(event.target.dataset.area);
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.areas.splice(number, 1);
    else if (!way) return;
    else this.areas[number] = CoverAreas.moved(this.areas[number], way, event.shiftKey);
    event.preventDefault();
    this.draw(Math.min(number, this.areas.length - 1));
    if (!this.areas.length) this.querySelector("[data-add]").focus();
  }

  static moved([x, y, width, height], [right, down], sizes) {
    const limit = (value, least, most) => Math.min(most, Math.max(least, value));
    if (sizes) return [x, y, limit(width + right * NUDGE, NUDGE, WHOLE - x), limit(height + down * NUDGE, NUDGE, WHOLE - y)];
    return [limit(x + right * NUDGE, 0, WHOLE - width), limit(y + down * NUDGE, 0, WHOLE - height), width, height];
  }
}

customElements.define("cover-areas", CoverAreas);
