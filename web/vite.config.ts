import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The server sends a content policy that allows scripts, styles and fonts from its own files only, so nothing is inlined.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../src/answerprint/server/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    license: { fileName: "licences.md" },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8770", "/media": "http://127.0.0.1:8770" } },
});
