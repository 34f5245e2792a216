/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` serves the pages itself and passes the API on to a platform that runs beside it.
const platform = process.env.PORSCHE_SERVER ?? "http://127.0.0.1:8000";

export default defineConfig(({ command }) => ({
  base: command === "build" ? "/static/app/" : "/",
  plugins: [react()],
  build: { outDir: "../porsche/static/app", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
  // the host stays as the browser has it: a write whose origin is another's is refused
  server: { host: "127.0.0.1", fs: { allow: [".", "../examples"] }, proxy: Object.fromEntries(["/api", "^/sign-in/.+"].map((path) => [path, { target: platform, changeOrigin: false }])) },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
}));
