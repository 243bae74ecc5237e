/* global self, caches, fetch, URL */
// The studio's own files, kept at the first visit. Models and runs are kept by the page itself, in the private file system.
const version = "VERSION";
const files = ["FILES"];
const name = `lowrank-studio ${version}`;

self.addEventListener("install", (event) => {
  const fill = async () => {
    const cache = await caches.open(name);
    await cache.addAll(files);
    await self.skipWaiting();
  };
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    const names = await caches.keys();
    await Promise.all(
      names.filter((old) => /^lowrank-studio /.test(old) && old !== name).map((old) => caches.delete(old)),
    );
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const inside = request.url.startsWith(self.registration.scope);
  if (request.method !== "GET" || !inside || new URL(request.url).pathname.includes("/models/")) return;
  const answer = async () => {
    const kept = await (await caches.open(name)).match(request, { ignoreSearch: request.mode === "navigate" });
    return kept ?? fetch(request);
  };
  event.respondWith(answer());
});
