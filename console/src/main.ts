import './zodSetup.ts';
import '@fontsource-variable/inter/opsz.css';
import './ui/base.css';
import { mount } from 'svelte';
import Root from './Root.svelte';
import { buildApp } from './app.ts';
import { en } from './messages/en.ts';

const target = document.getElementById('app');
if (target) {
  mount(Root, { target, props: { app: buildApp(location.origin, en) } });
}
