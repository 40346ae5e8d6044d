/** Pages of the server itself that anybody may open: plain HTML, no script, a style sheet of our own origin. */
import type { Context } from 'koa';

/** Text as it may stand in HTML. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

export const publicStyle = `:root{color-scheme:light dark;--ink:#1c1a27;--soft:#5d5a6b;--line:#8884;--card:#fff;--ground:#f6f5fa;--accent:#b30f38}
@media(prefers-color-scheme:dark){:root{--ink:#eceaf5;--soft:#a9a5bb;--card:#1d1b27;--ground:#131219;--accent:#ff6f91}}
body{margin:0;padding:2rem 1rem;background:var(--ground);color:var(--ink);font:16px/1.6 system-ui,-apple-system,'Segoe UI',sans-serif}
main{max-width:52rem;margin:0 auto;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:14px}main.small{max-width:30rem}main:has(table){max-width:76rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}h1,h2{overflow-wrap:anywhere;hyphens:auto}p,li{overflow-wrap:anywhere}small,.soft{color:var(--soft)}
a{color:var(--accent)}button{font:inherit;font-weight:600;padding:.7rem 1.2rem;border:0;border-radius:9px;background:#b30f38;color:#fff;cursor:pointer}
button:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;vertical-align:top;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line)}td{min-width:7rem;overflow-wrap:anywhere;hyphens:auto}
ins{background:#2da44e33;text-decoration:none}del{background:#cf222e33}@media(max-width:40rem){main{padding:1.25rem}h1{font-size:1.3rem}}
@media(max-width:56rem){.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.cards tbody,.cards tr{display:block}.cards tr{padding:1rem 0;border-bottom:1px solid var(--line)}.cards td{display:grid;grid-template-columns:7rem minmax(0,1fr);gap:.75rem;min-width:0;padding:.15rem 0;border:0}.cards td::before{content:attr(data-head);color:var(--soft)}.cards td.none{display:none}.cards td:first-child{display:block;font-weight:600}.cards td:first-child::before{content:none}}`;

/** Answers a page. */
export function sendPage(
  context: Context,
  page: { title: string; language: string; body: string; status?: number; isSmall?: boolean },
): void {
  context.status = page.status ?? 200;
  context.type = 'text/html; charset=utf-8';
  context.set('cache-control', 'no-store');
  context.set('x-robots-tag', 'noindex');
  context.body = `<!doctype html><html lang="${page.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(page.title)}</title><link rel="stylesheet" href="/public.css"></head><body><main${page.isSmall === true ? ' class="small"' : ''}><h1>${escapeHtml(page.title)}</h1>${page.body}</main></body></html>`;
}

/** The language of somebody who is not known: the first of theirs that we speak. */
export function languageOf(context: Pick<Context, 'acceptsLanguages'>): 'en' | 'de' {
  return context.acceptsLanguages('en', 'de') === 'de' ? 'de' : 'en';
}
