import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
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

/** Tells public/start.js where the words of each language are, and what they import beside the program itself. */
const languageFiles: Plugin = {
  name: 'carmic-language-files',
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle }) {
      const chunks = Object.values(bundle ?? {}).flatMap((file) => (file.type === 'chunk' ? [file] : []));
      const named = ['en', 'de'].flatMap((language) => {
        const chunk = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(`/src/messages/${language}.ts`));
        const files = chunk === undefined ? [] : [chunk.fileName, ...chunk.imports].filter((file) => !html.includes(file));
        return files.length === 0 ? [] : [`data-${language}="${files.map((file) => `/${file}`).join(' ')}"`];
      });
      return html.replace('src="/start.js"', ['src="/start.js"', ...named].join(' '));
    },
  },
};

/**
 * Most functions of the program are called before its first picture. Told so, Chromium compiles them beside the main thread while the file comes,
 * instead of one by one when each is called; to other browsers it is a comment. See https://v8.dev/blog/explicit-compile-hints.
 */
const compiledAtOnce: Plugin = {
  name: 'carmic-compiled-at-once',
  generateBundle: {
    // It counts for what comes after it, and Vite puts lines of its own before all others.
    order: 'post',
    handler(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'chunk' && file.name === 'main') {
          file.code = `//# allFunctionsCalledOnLoad\n${file.code}`;
        }
      }
    },
  },
};

export default defineConfig({
  plugins: [withoutDocumentation, svelte(), languageFiles, compiledAtOnce],
  resolve: { alias: [{ find: /^zod$/, replacement: fileURLToPath(new URL('src/zodSetup.ts', import.meta.url)) }] },
  worker: { format: 'es' },
  server: { proxy: { '/api': { target: apiUrl } } },
  build: {
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    // The served policy allows scripts and styles from files of our own origin only: nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rolldownOptions: {
      output: {
        // One file of what the first picture needs: a browser asks for few files at once, and each costs a way to the server and back.
        codeSplitting: { groups: [{ name: 'main', test: /\/console\/src\/main\.ts$/ }] },
      },
    },
  },
});
