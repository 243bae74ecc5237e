import { defineConfig } from "vite";

export default defineConfig({
  server: {
    headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
  },
  build: { target: "es2022", rollupOptions: { input: ["index.html", "in-worker.html"] } },
});
