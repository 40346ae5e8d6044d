import { type MailTemplateDefinition, securityNotices } from './mailText.ts';

const sampleLink = 'https://clips.example/#/link?token=carmic_example';

/** Mails about accounts. */
export const accountTemplates: {
  readonly [
    N in 'sign_up' | 'reset_password' | 'change_email' | 'invitation' | 'mail_test' | 'security' | 'marketing_confirmation'
  ]: MailTemplateDefinition<N>;
} = {
  sign_up: {
    category: 'account',
    sample: { link: sampleLink },
    texts: {
      en: (_, { instance }) => ({
        subject: `Confirm your address (${instance})`,
        lines: ['open this link to confirm your address and finish your account. It works once, for a day.'],
        action: 'Confirm address',
        end: ['If you did not ask for it, do nothing.'],
      }),
      de: (_, { instance }) => ({
        subject: `Bestätigen Sie Ihre Adresse (${instance})`,
        lines: ['öffnen Sie diesen Link, um Ihre Adresse zu bestätigen und Ihr Konto fertigzustellen. Er gilt einmal, einen Tag lang.'],
        action: 'Adresse bestätigen',
        end: ['Wenn Sie das nicht wollten, tun Sie nichts.'],
      }),
    },
  },
  reset_password: {
    category: 'account',
    sample: { link: sampleLink },
    texts: {
      en: (_, { instance }) => ({
        subject: `Set a new password (${instance})`,
        lines: ['open this link to set a new password. It works once, for an hour.'],
        action: 'Set a new password',
        end: ['If you did not ask for it, do nothing: your password stays.'],
      }),
      de: (_, { instance }) => ({
        subject: `Neues Passwort setzen (${instance})`,
        lines: ['öffnen Sie diesen Link, um ein neues Passwort zu setzen. Er gilt einmal, eine Stunde lang.'],
        action: 'Neues Passwort setzen',
        end: ['Wenn Sie das nicht wollten, tun Sie nichts: Ihr Passwort bleibt.'],
      }),
    },
  },
  change_email: {
    category: 'account',
    sample: { link: sampleLink },
    texts: {
      en: (_, { instance }) => ({
        subject: `Confirm your new address (${instance})`,
        lines: ['open this link to use this address from now on. It works once, for a day.'],
        action: 'Use this address',
        end: ['Until then your old address stays.'],
      }),
      de: (_, { instance }) => ({
        subject: `Bestätigen Sie Ihre neue Adresse (${instance})`,
        lines: ['öffnen Sie diesen Link, um ab jetzt diese Adresse zu benutzen. Er gilt einmal, einen Tag lang.'],
        action: 'Diese Adresse benutzen',
        end: ['Bis dahin bleibt Ihre alte Adresse.'],
      }),
    },
  },
  mail_test: {
    category: 'account',
    sample: { at: '2026-12-01 10:00 UTC' },
    texts: {
      en: ({ at }, { instance }) => ({
        subject: `Mail works (${instance})`,
        lines: [`you tried whether ${instance} can send mail, on ${at}. It can. Nothing else is to be done.`],
      }),
      de: ({ at }, { instance }) => ({
        subject: `E-Mail funktioniert (${instance})`,
        lines: [`Sie haben am ${at} ausprobiert, ob ${instance} E-Mails senden kann. Das kann es. Sonst ist nichts zu tun.`],
      }),
    },
  },
  invitation: {
    category: 'invitation',
    sample: { link: sampleLink },
    texts: {
      en: (_, { instance }) => ({
        subject: `You are invited (${instance})`,
        lines: ['you are invited to a workspace. Open this link within seven days to join.'],
        action: 'Join the workspace',
      }),
      de: (_, { instance }) => ({
        subject: `Sie sind eingeladen (${instance})`,
        lines: ['Sie sind in einen Arbeitsbereich eingeladen. Öffnen Sie innerhalb von sieben Tagen diesen Link, um beizutreten.'],
        action: 'Arbeitsbereich beitreten',
      }),
    },
  },
  security: {
    category: 'security',
    sample: { notice: 'password_changed', at: '2026-11-27 09:30 UTC' },
    texts: {
      en: ({ notice, detail = '', at }, { instance, baseUrl }) => ({
        subject: `${securityNotices[notice].en(detail)} (${instance})`,
        lines: [
          `${securityNotices[notice].en(detail)}, at ${at}.`,
          'If that was not you: set a new password at once, and tell the administrator of this installation.',
          baseUrl,
        ],
      }),
      de: ({ notice, detail = '', at }, { instance, baseUrl }) => ({
        subject: `${securityNotices[notice].de(detail)} (${instance})`,
        lines: [
          `${securityNotices[notice].de(detail)} (${at}).`,
          'Wenn Sie das nicht waren: Setzen Sie sofort ein neues Passwort, und sagen Sie der Verwaltung dieser Installation Bescheid.',
          baseUrl,
        ],
      }),
    },
  },
  marketing_confirmation: {
    category: 'account',
    sample: { link: sampleLink, wording: 'Send me news about Carmic by email.' },
    texts: {
      en: ({ wording }, { instance }) => ({
        subject: `Do you want our news? (${instance})`,
        lines: [
          'somebody, probably you, agreed to this with your address:',
          `“${wording}”`,
          'It counts once you confirm it. Without that you get nothing of the kind.',
        ],
        action: 'Yes, send me the news',
      }),
      de: ({ wording }, { instance }) => ({
        subject: `Möchten Sie unsere Neuigkeiten? (${instance})`,
        lines: [
          'jemand, wahrscheinlich Sie, hat mit Ihrer Adresse diesem zugestimmt:',
          `„${wording}“`,
          'Es gilt erst, wenn Sie es bestätigen. Sonst bekommen Sie nichts dergleichen.',
        ],
        action: 'Ja, Neuigkeiten schicken',
      }),
    },
  },
};
