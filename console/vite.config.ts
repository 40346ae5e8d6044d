import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Where `npm run dev -w @carmic/console` finds the API. */
const apiUrl = process.env['CARMIC_API_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte()],
  worker: { format: 'es' },
  server: { proxy: { '/api': { target: apiUrl } } },
  build: {
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    // The served policy allows scripts and styles from files of our own origin only: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
});
