"use strict";
// What the server wants to know of a file before it comes.

const LARGEST = 30 * 1024 * 1024;
const TYPES = { jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp", avif: "image/avif", heic: "image/heic", heif: "image/heif", tif: "image/tiff", tiff: "image/tiff" };

const fileFacts = {
  /** Its type; by its name where the browser doesn't know (HEIC). */
  kind(file) {
    return file.type || TYPES[file.name.split(".").pop().toLowerCase()] || "application/octet-stream";
  },

  /** In base64. */
  async sha256(bytes) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return btoa(String.fromCharCode(...digest));
  },
};
