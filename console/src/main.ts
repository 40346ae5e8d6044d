import '@fontsource-variable/inter/opsz.css';
import './ui/base.css';
import { mount } from 'svelte';
import Root from './Root.svelte';
import { buildApp } from './app.ts';
import { LanguageChoice } from './state/language.svelte.ts';

// After an upgrade the parts of the console have other names: what cannot be had any more is asked for anew, once in a while.
addEventListener('vite:preloadError', (event) => {
  const lastAt = Number(sessionStorage.getItem('carmic.reloaded-at') ?? 0);
  if (Date.now() - lastAt > 30_000) {
    event.preventDefault();
    sessionStorage.setItem('carmic.reloaded-at', String(Date.now()));
    location.reload();
  }
});

/** So long the sign of index.html stays while it is unknown who is signed in. */
const patienceMs = 150;

const target = document.getElementById('app');
if (target) {
  // The first text would ask for it otherwise, and be set twice: in another font, and in this. Without it all stays in the system's.
  document.fonts.load("1em 'Inter Variable'").catch(() => undefined);
  const language = new LanguageChoice();
  const app = buildApp(location.origin, language);
  await language.start();
  // start.js has asked while this program was on its way: most often the answer is here, and the page itself is the first picture.
  await Promise.race([app.session.load(), new Promise((resolve) => setTimeout(resolve, patienceMs))]);
  target.replaceChildren();
  mount(Root, { target, props: { app } });
}
