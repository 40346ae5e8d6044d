import type { Context, Middleware } from 'koa';
import { germanParties, type ThirdParty } from '@carmic/contract';
import type { Deps } from '../../deps.ts';
import { escapeHtml, languageOf, sendPage } from '../../http/publicPage.ts';
import { listThirdParties } from '../thirdParties/thirdParties.ts';
import type { PolicyKind, PolicyVersion } from './keepPolicies.ts';
import { diffPolicies } from './policyText.ts';

const words = {
  en: {
    privacy: 'Privacy policy',
    processing: 'Annex on processing',
    parties: 'Third parties',
    version: (version: number, day: string) => `Version ${version}, in force since ${day}.`,
    earlier: 'Earlier versions',
    changed: 'What changed from the version before',
    none: 'The operator of this installation has not said who they are yet (CARMIC_OPERATOR_NAME, CARMIC_OPERATOR_EMAIL); there is no policy before that.',
    head: ['Who', 'Purpose', 'Data', 'Region', 'Transfer', 'Contract', 'State'],
    states: { on: 'in use', announced: 'announced', off: 'switched off', unused: 'not used' },
    since: (day: string) => `since ${day}`,
    from: (day: string) => `from ${day} on`,
  },
  de: {
    privacy: 'Datenschutzerklärung',
    processing: 'Anlage zur Auftragsverarbeitung',
    parties: 'Dritte',
    version: (version: number, day: string) => `Fassung ${version}, in Kraft seit ${day}.`,
    earlier: 'Frühere Fassungen',
    changed: 'Was sich gegenüber der Fassung davor geändert hat',
    none: 'Der Betreiber dieser Installation hat noch nicht gesagt, wer er ist (CARMIC_OPERATOR_NAME, CARMIC_OPERATOR_EMAIL); vorher gibt es keine Erklärung.',
    head: ['Wer', 'Zweck', 'Daten', 'Ort', 'Übermittlung', 'Vertrag', 'Stand'],
    states: { on: 'in Gebrauch', announced: 'angekündigt', off: 'abgeschaltet', unused: 'nicht benutzt' },
    since: (day: string) => `seit ${day}`,
    from: (day: string) => `ab ${day}`,
  },
} as const;
type Language = keyof typeof words;

const kinds: Readonly<Record<string, PolicyKind>> = { '/privacy': 'privacy', '/privacy/processing': 'processing' };
const links = (language: Language) =>
  `<p class="soft"><a href="/privacy?lang=${language}">${words[language].privacy}</a> · <a href="/privacy/processing?lang=${language}">${words[language].processing}</a> · <a href="/privacy/third-parties?lang=${language}">${words[language].parties}</a> · <a href="?lang=${language === 'en' ? 'de' : 'en'}">${language === 'en' ? 'Deutsch' : 'English'}</a></p>`;

const dayOf = (time: Date | string, language: Language) =>
  new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(time));

/** A line of a policy as HTML, with what is an address in it to follow. */
const withLinks = (line: string) =>
  escapeHtml(line)
    .replace(/https?:\/\/[^\s<>"]*[^\s<>".,;)]/g, (url) => `<a href="${url}" rel="noopener noreferrer">${url}</a>`)
    .replace(/(?<![\w/@.-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, (email) => `<a href="mailto:${email}">${email}</a>`);

/** Serves `/privacy`, `/privacy/processing` and `/privacy/third-parties`, in English and German. */
export function createPolicyPages(deps: Deps): Middleware {
  return async (context, next) => {
    const kind = kinds[context.path];
    const isRead = context.method === 'GET' || context.method === 'HEAD';
    if (!isRead || (kind === undefined && context.path !== '/privacy/third-parties')) {
      await next();
      return;
    }
    const { lang } = context.query;
    const language: Language = lang === 'en' || lang === 'de' ? lang : languageOf(context);
    await (kind === undefined ? showParties(deps, context, language) : showPolicy(deps, context, language, kind));
  };
}

async function showPolicy(deps: Deps, context: Context, language: Language, kind: PolicyKind): Promise<void> {
  const own = words[language];
  const asked = Number(context.query['version']);
  const { db } = deps;
  const all = await db.asSystem((tx) =>
    db.rows<PolicyVersion>(tx, 'SELECT * FROM policy_versions WHERE kind = :kind ORDER BY version DESC LIMIT 100', { kind }),
  );
  const shown = all.find(({ version }) => version === asked) ?? all[0] ?? null;
  if (shown === null) {
    sendPage(context, { title: own[kind], language, body: `<p>${own.none}</p>${links(language)}` });
    return;
  }
  const before = all.find(({ version }) => version === shown.version - 1);
  const sections = shown.content[language].map(
    ({ title, lines }) => `<h2>${escapeHtml(title)}</h2>${lines.map((line) => `<p>${withLinks(line)}</p>`).join('')}`,
  );
  const changes =
    before === undefined
      ? ''
      : `<h2>${own.changed}</h2><ul>${diffPolicies(before.content[language], shown.content[language])
          .map(
            ({ kind: change, text }) =>
              `<li>${change === 'added' ? '<ins>' : '<del>'}${escapeHtml(text)}${change === 'added' ? '</ins>' : '</del>'}</li>`,
          )
          .join('')}</ul>`;
  const earlier = all
    .filter(({ version }) => version !== shown.version)
    .map(
      ({ version, created_at: at }) =>
        `<li><a href="?version=${version}&amp;lang=${language}">${own.version(version, dayOf(at, language))}</a></li>`,
    );
  sendPage(context, {
    title: own[kind],
    language,
    body: `<p class="soft">${own.version(shown.version, dayOf(shown.created_at, language))}</p>${sections.join('')}${changes}${earlier.length === 0 ? '' : `<h2>${own.earlier}</h2><ul>${earlier.join('')}</ul>`}${links(language)}`,
  });
}

function stateOf(party: ThirdParty, language: Language): string {
  const own = words[language];
  const when =
    party.state === 'on' && party.since !== null
      ? ` ${own.since(dayOf(party.since, language))}`
      : party.state === 'announced' && party.effectiveAt !== null
        ? ` ${own.from(dayOf(party.effectiveAt, language))}`
        : '';
  return own.states[party.state] + when;
}

async function showParties(deps: Deps, context: Context, language: Language): Promise<void> {
  const own = words[language];
  const parties = await deps.db.asSystem((tx) => listThirdParties(deps, tx));
  const rows = [...parties]
    .sort((a, b) => Number(a.state === 'unused') - Number(b.state === 'unused'))
    .map((party) => {
      const say = (text: string) => (language === 'de' ? (germanParties[text] ?? text) : text);
      const cells = [say(party.name), party.purpose[language], party.data[language], say(party.region), say(party.transfer)].map((text) =>
        escapeHtml(text),
      );
      const contract =
        party.contractUrl === null
          ? ''
          : `<a href="${escapeHtml(party.contractUrl)}" rel="noopener noreferrer">${escapeHtml(new URL(party.contractUrl).host.replace(/^www\./, ''))}</a>`;
      // Narrow windows have no row of headings: each cell names itself.
      const named = [...cells, contract, escapeHtml(stateOf(party, language))].map(
        (cell, index) => `<td data-head="${own.head[index]}"${cell === '' ? ' class="none"' : ''}>${cell}</td>`,
      );
      return `<tr>${named.join('')}</tr>`;
    });
  sendPage(context, {
    title: own.parties,
    language,
    body: `<div class="scroll"><table class="cards"><thead><tr>${own.head.map((cell) => `<th scope="col">${cell}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>${links(language)}`,
  });
}
