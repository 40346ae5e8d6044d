import '@fontsource-variable/inter/opsz.css';
import './ui/base.css';
import { mount } from 'svelte';
import Root from './Root.svelte';
import { buildApp } from './app.ts';
import { LanguageChoice } from './state/language.svelte.ts';

// After an upgrade the parts of the console have other names, this one too: then the page is asked for anew, once in a while. A line that is cut
// is another matter: a new page could not be had either, and would take with it what is not saved yet.
addEventListener('vite:preloadError', () => {
  const lastAt = Number(sessionStorage.getItem('carmic.reloaded-at') ?? 0);
  const reload = () => {
    sessionStorage.setItem('carmic.reloaded-at', String(Date.now()));
    location.reload();
  };
  if (Date.now() - lastAt > 30_000) {
    fetch(import.meta.url, { method: 'HEAD', cache: 'no-store' }).then(
      ({ status }) => status === 404 && reload(),
      () => undefined,
    );
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
