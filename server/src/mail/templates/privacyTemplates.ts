import type { MailData, MailTemplateDefinition } from './mailText.ts';

const signs = { added: '+', removed: '-' } as const;
const linesOf = ({ changes }: MailData['policy'], language: 'en' | 'de') =>
  changes[language].map(({ kind, text }) => `${signs[kind]} ${text}`);
const pathOf = ({ kind, version }: MailData['policy']) => `/privacy${kind === 'privacy' ? '' : '/processing'}?version=${version}`;

/** Mails about third parties and the policies. */
export const privacyTemplates: { readonly [N in 'third_parties' | 'policy']: MailTemplateDefinition<N> } = {
  third_parties: {
    category: 'privacy',
    sample: {
      effective: '2026-12-27',
      changes: [
        {
          name: 'Deepgram, Inc.',
          purpose: { en: 'Turning speech into text', de: 'Sprache in Text umwandeln' },
          data: { en: 'The sound of a video', de: 'Der Ton eines Videos' },
          region: 'EU',
        },
      ],
    },
    texts: {
      en: ({ effective, changes }, { instance, baseUrl }) => ({
        subject: `From ${effective} on another company works for us (${instance})`,
        lines: [
          `from ${effective} on, and not before, this will be used:`,
          ...changes.map(({ name, purpose, data, region }) => `${name}: ${purpose.en}. What it is given: ${data.en}. Where: ${region}.`),
          `If you do not want that, choose other engines for your workspace, write to us, or take your data with you before then. All of them: ${baseUrl}/privacy/third-parties`,
        ],
      }),
      de: ({ effective, changes }, { instance, baseUrl }) => ({
        subject: `Ab ${effective} arbeitet ein weiteres Unternehmen für uns (${instance})`,
        lines: [
          `ab ${effective}, und nicht vorher, wird benutzt:`,
          ...changes.map(({ name, purpose, data, region }) => `${name}: ${purpose.de}. Was es bekommt: ${data.de}. Wo: ${region}.`),
          `Wenn Sie das nicht möchten, wählen Sie für Ihren Arbeitsbereich andere Dienste, schreiben Sie uns, oder nehmen Sie Ihre Daten vorher mit. Alle: ${baseUrl}/privacy/third-parties`,
        ],
      }),
    },
  },
  policy: {
    category: 'privacy',
    sample: {
      kind: 'privacy',
      version: 2,
      changes: {
        en: [
          { kind: 'removed', text: 'How long: Free: 3 days after the upload.' },
          { kind: 'added', text: 'How long: Free: 7 days after the upload.' },
        ],
        de: [
          { kind: 'removed', text: 'Wie lange: Free: 3 Tage nach dem Hochladen.' },
          { kind: 'added', text: 'Wie lange: Free: 7 Tage nach dem Hochladen.' },
        ],
      },
    },
    texts: {
      en: (data, { instance, baseUrl }) => ({
        subject: `${data.kind === 'privacy' ? 'The privacy policy has changed' : 'The annex on processing has changed'} (${instance})`,
        lines: ['this is different now (- went, + came):', ...linesOf(data, 'en'), `The whole text: ${baseUrl}${pathOf(data)}`],
      }),
      de: (data, { instance, baseUrl }) => ({
        subject: `${data.kind === 'privacy' ? 'Die Datenschutzerklärung hat sich geändert' : 'Die Anlage zur Auftragsverarbeitung hat sich geändert'} (${instance})`,
        lines: ['das ist jetzt anders (- entfiel, + kam dazu):', ...linesOf(data, 'de'), `Der ganze Text: ${baseUrl}${pathOf(data)}`],
      }),
    },
  },
};
