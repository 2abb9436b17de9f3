"use strict";
// Keeps the page's shell, and nothing else, so that it opens at once and with no network:
// the page itself, which knows no patient, its stylesheet, its script, its icon.

const CACHE = "clinicpro-phone";
const PAGE = "/m";
const SOON = 150; // ms: a practice's own network answers within

self.addEventListener("install", (event) => event.waitUntil(refresh().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname, search } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (mode === "navigate" && pathname === PAGE && !search) return event.respondWith(page(event));
  if (pathname.startsWith("/static/")) event.respondWith(part(event.request));
});

/** The newest page that is there soon, with its parts; otherwise the one kept. */
async function page(event) {
  const kept = await caches.match(PAGE);
  const fresh = refresh();
  event.waitUntil(fresh.catch(() => {}));
  if (!kept) return fresh;
  const late = new Promise((resolve) => setTimeout(() => resolve(kept), SOON));
  return Promise.race([fresh.catch(() => kept), late]);
}

async function part(request) {
  return (await caches.match(request)) || fetch(request);
}

/** Fetches the page and what it links to; only a whole set takes the place of the one before. */
async function refresh() {
  const answer = await fetch(PAGE, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error("not the page");
  const html = await answer.clone().text();
  const parts = Array.from(html.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g), ([, path]) => path.replaceAll("&amp;", "&"));
  const cache = await caches.open(CACHE);
  const old = (await cache.keys()).filter(({ url }) => new URL(url).pathname.startsWith("/static/") && !parts.some((one) => url.endsWith(one)));
  const missing = [];
  for (const one of parts) if (!(await cache.match(one))) missing.push(one);
  await cache.addAll(missing);
  await cache.put(PAGE, answer.clone());
  for (const one of old) await cache.delete(one);
  return answer;
}
