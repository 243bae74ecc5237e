import { ownScript } from "./own-script.js";

/**
 * Registers the service worker that stores the Studio's own files, so that it opens without a network. Also where the browser has deleted that
 * worker with the site's data: until another one controls the page, every request of the page fails.
 */
export async function storeForOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(ownScript("./service-worker.js")).catch(() => undefined);
}
