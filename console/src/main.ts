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

const target = document.getElementById('app');
if (target) {
  const language = new LanguageChoice();
  await language.start();
  mount(Root, { target, props: { app: buildApp(location.origin, language) } });
}
