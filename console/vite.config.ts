import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** Where `npm run dev -w @carmic/console` finds the API. */
const apiUrl = process.env['CARMIC_API_URL'] ?? 'http://127.0.0.1:8080';

/** Leaves out of the contract what is there for its documentation only: it changes no check, and a browser need not load it. */
const withoutDocumentation: Plugin = {
  name: 'carmic-without-documentation',
  enforce: 'pre',
  transform(code, id) {
    if (!/\/contract\/src\/\w+\.ts$/.test(id)) {
      return null;
    }
    const text = String.raw`'(?:[^'\\\n]|\\.)*'`;
    const lean = code
      .replace(new RegExp(String.raw`\.describe\(\s*${text},?\s*\)`, 'g'), '')
      .replace(new RegExp(String.raw`(\bsummary:\s*)${text}`, 'g'), "$1''");
    return { code: lean, map: null };
  },
};

export default defineConfig({
  plugins: [withoutDocumentation, svelte()],
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
