"use strict";
// What this phone keeps until the practice has it: IndexedDB, encrypted with a key that
// can be used in this browser and read by nobody.

const vault = {
  db() {
    this.opening ||= new Promise((resolve, reject) => {
      const asked = indexedDB.open("clinicpro-phone", 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("keys");
        asked.result.createObjectStore("pairing");
        asked.result.createObjectStore("shots", { keyPath: "id", autoIncrement: true });
        asked.result.createObjectStore("bytes");
      };
      asked.onsuccess = () => {
        // Safari drops the connection of a page that slept; the next use opens another.
        asked.result.onclose = () => (this.opening = null);
        resolve(asked.result);
      };
      asked.onerror = () => {
        this.opening = null;
        reject(asked.error);
      };
    });
    return this.opening;
  },

  /** What the request that `work` returns found, once the transaction is on the disk. */
  async act(stores, mode, work) {
    const db = await this.db();
    return new Promise((resolve, reject) => {
      const transaction = db.transaction(stores, mode, { durability: "strict" });
      const asked = work(...stores.map((name) => transaction.objectStore(name)));
      transaction.oncomplete = () => resolve(asked && asked.result);
      transaction.onabort = () => reject(transaction.error);
    });
  },

  read(store, id) {
    return this.act([store], "readonly", (one) => one.get(id));
  },

  write(store, value, id) {
    return this.act([store], "readwrite", (one) => one.put(value, id));
  },

  forget(store, id) {
    return this.act([store], "readwrite", (one) => one.delete(id));
  },

  key() {
    this.finding ||= navigator.locks.request("clinicpro-key", async () => {
      const kept = await this.read("keys", "aes");
      if (kept) return kept;
      const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
      await this.write("keys", made, "aes");
      return made;
    }).catch((error) => {
      this.finding = null; // No room now; perhaps later.
      throw error;
    });
    return this.finding;
  },

  async seal(bytes) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await this.key(), bytes) };
  },

  async unseal({ iv, sealed }) {
    return crypto.subtle.decrypt({ name: "AES-GCM", iv }, await this.key(), sealed);
  },

  sealWords(value) {
    return this.seal(new TextEncoder().encode(JSON.stringify(value)));
  },

  async unsealWords(kept) {
    return JSON.parse(new TextDecoder().decode(await this.unseal(kept)));
  },
};
