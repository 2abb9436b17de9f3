"use strict";
// Whether a photo is good enough to be looked at later, from its pixels. It advises and never blocks.
// Thresholds were tuned on photographs with added blur, not validated on clinical ones.

const LOOKED_AT = 1024; // px of the long side
const TILES = 8;
const SHARP = { blurred: 0.03, soft: 0.1 };
const SMALL = 1600; // px of the long side

const quality = {
  /** What `image`, an <img> with its pixels, measures. */
  measure(image) {
    const long = Math.max(image.naturalWidth, image.naturalHeight);
    const scale = Math.min(1, LOOKED_AT / long);
    const width = Math.round(image.naturalWidth * scale);
    const height = Math.round(image.naturalHeight * scale);
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const paper = canvas.getContext("2d", { willReadFrequently: true });
    paper.drawImage(image, 0, 0, width, height);
    const { data } = paper.getImageData(0, 0, width, height);
    const luma = new Float32Array(width * height);
    for (let at = 0; at < luma.length; at += 1) luma[at] = 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2];
    const tiles = [];
    for (let row = 0; row < TILES; row += 1) for (let column = 0; column < TILES; column += 1) tiles.push(this.tile(luma, width, height, row, column));
    return { long, ...this.sum(tiles) };
  },

  /** One of 8 × 8: how its brightness varies, and how from pixel to pixel (the Laplacian). */
  tile(luma, width, height, row, column) {
    const edge = (number, size) => Math.min(size - 1, Math.max(1, Math.floor((number * size) / TILES)));
    const [left, right, top, bottom] = [edge(column, width), edge(column + 1, width), edge(row, height), edge(row + 1, height)];
    let [count, sum, squares, edges, edgeSquares, dark, bright] = [0, 0, 0, 0, 0, 0, 0];
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) {
        const at = y * width + x;
        const one = luma[at];
        const bend = luma[at - 1] + luma[at + 1] + luma[at - width] + luma[at + width] - 4 * one;
        count += 1;
        sum += one;
        squares += one * one;
        edges += bend;
        edgeSquares += bend * bend;
        dark += one <= 12;
        bright += one >= 250;
      }
    }
    const variance = (total, ofSquares) => ofSquares / count - (total / count) ** 2;
    const isMiddle = [row, column].every((one) => one >= 2 && one < 6);
    return { isMiddle, mean: sum / count, spread: variance(sum, squares), detail: variance(edges, edgeSquares), dark: dark / count, bright: bright / count };
  },

  /** The noise of the flattest tiles is no sharpness: it is taken off everywhere. */
  sum(tiles) {
    const noise = 1.2 * this.share(tiles.map((one) => one.detail), 0.05);
    const energy = (one) => Math.max(one.detail - noise, 0) / (one.spread + 20);
    const mean = (name) => tiles.reduce((sum, one) => sum + one[name], 0) / tiles.length;
    const middle = tiles.filter((one) => one.isMiddle);
    return {
      sharp: this.share(tiles.map(energy), 0.98),
      centre: Math.max(...middle.map(energy)),
      mean: mean("mean"),
      dark: mean("dark"),
      bright: mean("bright"),
      glare: Math.max(...middle.map((one) => one.bright)),
    };
  },

  share(values, part) {
    const sorted = Float64Array.from(values).sort();
    return sorted[Math.round(part * (sorted.length - 1))];
  },

  /** The one thing most worth saying, as the name of its words; "" where nothing is. */
  verdict({ long, sharp, centre, mean, dark, bright, glare }) {
    if (mean < 50 || dark > 0.5) return "dark";
    if (mean > 225 || bright > 0.4) return "bright";
    if (sharp < SHARP.blurred) return "blurred";
    if (centre < SHARP.blurred && sharp >= SHARP.soft) return "background";
    if (sharp < SHARP.soft) return "soft";
    if (glare > 0.2) return "glare";
    return long < SMALL ? "small" : "";
  },
};
