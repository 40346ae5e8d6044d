import './zodSetup.ts';
import '@fontsource-variable/inter/opsz.css';
import './ui/base.css';
import { mount } from 'svelte';
import Root from './Root.svelte';
import { buildApp } from './app.ts';
import { LanguageChoice } from './state/language.svelte.ts';

const target = document.getElementById('app');
if (target) {
  const language = new LanguageChoice();
  await language.start();
  mount(Root, { target, props: { app: buildApp(location.origin, language) } });
}
