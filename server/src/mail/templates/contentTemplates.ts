import type { MailTemplateDefinition } from './mailText.ts';

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const pluralDe = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

/** Mails about what workspaces keep, and marketing. */
export const contentTemplates: {
  readonly [
    N in 'retention_expiry' | 'retention_grace' | 'retention_erasures' | 'retention_quota' | 'announcement'
  ]: MailTemplateDefinition<N>;
} = {
  retention_expiry: {
    category: 'deletion',
    sample: {
      workspace: 'Our talks',
      videos: 3,
      first: '2026-11-28 10:00 UTC',
      days: [
        { day: '2026-11-28', videos: 1 },
        { day: '2026-12-04', videos: 2 },
      ],
    },
    texts: {
      en: ({ workspace, videos, first, days }, { instance, baseUrl }) => ({
        subject: `${plural(videos, 'video')} will be deleted soon (${instance})`,
        lines: [
          `this is about the workspace “${workspace}”.`,
          `${plural(videos, 'video')} with all clips will be deleted for good, the first at ${first}:`,
          ...days.map((day) => `  ${day.day}: ${plural(day.videos, 'video')}`),
          `Which ones they are: ${baseUrl}/#/deletions`,
          `Download what you want to keep before that. A larger plan that starts before then keeps them: ${baseUrl}/#/account`,
        ],
      }),
      de: ({ workspace, videos, first, days }, { instance, baseUrl }) => ({
        subject: `${pluralDe(videos, 'Video wird', 'Videos werden')} bald gelöscht (${instance})`,
        lines: [
          `es geht um den Arbeitsbereich „${workspace}“.`,
          `${pluralDe(videos, 'Video wird', 'Videos werden')} mit allen Clips endgültig gelöscht, das erste am ${first}:`,
          ...days.map((day) => `  ${day.day}: ${pluralDe(day.videos, 'Video', 'Videos')}`),
          `Welche das sind: ${baseUrl}/#/deletions`,
          `Laden Sie vorher herunter, was Sie behalten möchten. Ein größerer Tarif, der vorher beginnt, erhält sie: ${baseUrl}/#/account`,
        ],
      }),
    },
  },
  retention_grace: {
    category: 'deletion',
    sample: { workspace: 'Our talks', days: 3, until: '2026-12-11 10:00 UTC' },
    texts: {
      en: ({ workspace, days, until }, { instance, baseUrl }) => ({
        subject: `Your videos will be kept for a shorter time (${instance})`,
        lines: [
          `this is about the workspace “${workspace}”.`,
          `The plan of this workspace now keeps videos for ${plural(days, 'day')}.`,
          `Earlier videos that are older than that stay until ${until} at the longest; nothing is deleted before they would have been told of again.`,
          `What goes when: ${baseUrl}/#/deletions`,
          `A larger plan that starts before then keeps them: ${baseUrl}/#/account`,
        ],
      }),
      de: ({ workspace, days, until }, { instance, baseUrl }) => ({
        subject: `Ihre Videos werden kürzer aufbewahrt (${instance})`,
        lines: [
          `es geht um den Arbeitsbereich „${workspace}“.`,
          `Sein Tarif bewahrt Videos jetzt ${pluralDe(days, 'Tag', 'Tage')} auf.`,
          `Ältere Videos bleiben höchstens bis ${until}; nichts wird gelöscht, ohne dass wir Sie vorher noch einmal erinnern.`,
          `Was wann gelöscht wird: ${baseUrl}/#/deletions`,
          `Ein größerer Tarif, der vorher beginnt, erhält sie: ${baseUrl}/#/account`,
        ],
      }),
    },
  },
  retention_erasures: {
    category: 'deletion',
    sample: { workspace: 'Our talks', deletions: 2, files: 41 },
    texts: {
      en: ({ workspace, deletions, files }, { instance, baseUrl }) => ({
        subject: `${deletions === 1 ? 'A deletion is done' : `${deletions} deletions are done`} (${instance})`,
        lines: [
          `this is about the workspace “${workspace}”.`,
          `${plural(deletions, 'deletion')} that somebody asked for: ${plural(files, 'file')} gone for good, from the storage and from the content network.`,
          'Both were asked again afterwards, and had nothing.',
          `The signed receipts: ${baseUrl}/#/deletions`,
        ],
      }),
      de: ({ workspace, deletions, files }, { instance, baseUrl }) => ({
        subject: `${deletions === 1 ? 'Eine Löschung ist fertig' : `${deletions} Löschungen sind fertig`} (${instance})`,
        lines: [
          `es geht um den Arbeitsbereich „${workspace}“.`,
          `${pluralDe(deletions, 'gewünschte Löschung', 'gewünschte Löschungen')}: ${pluralDe(files, 'Datei ist', 'Dateien sind')} endgültig weg, aus dem Speicher und aus dem Verteilnetz.`,
          'Beide wurden danach noch einmal gefragt und hatten nichts mehr.',
          `Die unterschriebenen Belege: ${baseUrl}/#/deletions`,
        ],
      }),
    },
  },
  retention_quota: {
    category: 'storage',
    sample: { workspace: 'Our talks', used: '95 GB', limit: '100 GB', isFull: false },
    texts: {
      en: ({ workspace, used, limit, isFull }, { instance, baseUrl }) => ({
        subject: `${isFull ? 'Your storage is full' : 'Your storage is nearly full'} (${instance})`,
        lines: [
          `this is about the workspace “${workspace}”.`,
          `${used} of ${limit} are used. When nothing is left, new uploads are refused; nothing is deleted for it.`,
          `What uses it, and the plan: ${baseUrl}/#/account`,
        ],
      }),
      de: ({ workspace, used, limit, isFull }, { instance, baseUrl }) => ({
        subject: `${isFull ? 'Ihr Speicher ist voll' : 'Ihr Speicher ist fast voll'} (${instance})`,
        lines: [
          `es geht um den Arbeitsbereich „${workspace}“.`,
          `${used} von ${limit} sind belegt. Ist nichts mehr frei, werden neue Videos abgewiesen; gelöscht wird deswegen nichts.`,
          `Was ihn belegt, und der Tarif: ${baseUrl}/#/account`,
        ],
      }),
    },
  },
  announcement: {
    category: 'news',
    sample: {
      subject: { en: 'Clips in two languages', de: 'Clips in zwei Sprachen' },
      text: {
        en: 'Captions can be translated now.\n\nTry it on your next video.',
        de: 'Untertitel lassen sich jetzt übersetzen.\n\nProbieren Sie es aus.',
      },
    },
    texts: {
      en: ({ subject, text }, { instance }) => ({ subject: `${subject.en} (${instance})`, lines: text.en.split(/\n\s*\n/) }),
      de: ({ subject, text }, { instance }) => ({ subject: `${subject.de} (${instance})`, lines: text.de.split(/\n\s*\n/) }),
    },
  },
};
