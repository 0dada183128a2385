// How the page is built: hashed names, one chunk a route, a nonce for the styles that Mantine makes.
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The gateway that `npm run dev` talks to. */
const GATEWAY = process.env["TAKT_HTTP"] ?? "http://127.0.0.1:8520";

export default defineConfig(({ command }) => ({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  // The gateway puts a fresh nonce in the place of this word, in the file and in its content policy.
  html: command === "build" ? { cspNonce: "TAKT_NONCE" } : {},
  build: {
    target: "es2022",
    manifest: true,
    modulePreload: { polyfill: false },
    // A file inside a style sheet would be a `data:` address, which the content policy refuses.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      "/api": {
        target: GATEWAY,
        changeOrigin: true,
        configure: (proxy) => {
          proxy.on("proxyReq", (request) => {
            // The gateway serves its own page only; this one stands in for it.
            request.removeHeader("sec-fetch-site");
            if (request.getHeader("origin")) request.setHeader("origin", GATEWAY);
          });
        },
      },
    },
  },
  test: { environment: "jsdom", setupFiles: ["src/test-setup.ts"], include: ["src/**/*.test.{ts,tsx}"] },
}));
