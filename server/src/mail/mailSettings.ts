/** How consent to marketing mail is asked for: one row of `instance_settings`. Keeps: M1. */
import { createHash } from 'node:crypto';
import { type MailLanguage, type MailSettings, mailSettingsSchema } from '@carmic/contract';
import { invalidInput } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { choose } from './choices.ts';
import { queueMail } from './mail.ts';
import { sealTarget } from './unsubscribeLinks.ts';

const settingName = 'mail';
const confirmationSeconds = 7 * 24 * 3600;

const defaults: MailSettings = { marketing: 'off', isDoubleOptIn: true, registrationWording: { en: '', de: '' } };

/** What a box says that somebody ticks. */
export const optInWording = (instance: string): Record<MailLanguage, string> => ({
  en: `Send me news and tips about ${instance} by email, about once a month. My address is used for that and given to nobody; I can end it at any time with one click in every mail or in my account.`,
  de: `Schicken Sie mir Neuigkeiten und Tipps zu ${instance} per E-Mail, etwa einmal im Monat. Meine Adresse wird nur dafür benutzt und nicht weitergegeben; ich kann das jederzeit mit einem Klick in jeder Mail oder in meinem Konto beenden.`,
});

/** Reads the settings. */
export async function readMailSettings(deps: Deps, tx: Tx): Promise<MailSettings> {
  const [row] = await deps.db.rows<{ value: unknown }>(tx, 'SELECT value FROM instance_settings WHERE name = :settingName', {
    settingName,
  });
  return row === undefined ? defaults : mailSettingsSchema.parse(row.value);
}

/** Names a version of the settings. */
export function mailSettingsVersion(settings: MailSettings): string {
  return createHash('sha256')
    .update(JSON.stringify(mailSettingsSchema.parse(settings)))
    .digest('base64url')
    .slice(0, 22);
}

/** What forms show. */
export function presentOffer(deps: Pick<Deps, 'env'>, settings: MailSettings) {
  return {
    mode: settings.marketing,
    isDoubleOptIn: settings.isDoubleOptIn,
    wording: settings.marketing === 'registration' ? settings.registrationWording : optInWording(deps.env.CARMIC_INSTANCE_NAME),
  };
}

/** Writes the settings. Throws invalid_input when registration is to be consent and nothing says so. */
export async function writeMailSettings(deps: Deps, userId: string, settings: MailSettings, checkMatch: (version: string) => void) {
  const { en, de } = settings.registrationWording;
  if (settings.marketing === 'registration' && (en.length < 20 || de.length < 20)) {
    throw invalidInput('Where registration is consent, the form has to say so, in both languages.');
  }
  await deps.db.asSystem(async (tx) => {
    await deps.db.rows(tx, 'SELECT pg_advisory_xact_lock(723421)');
    checkMatch(mailSettingsVersion(await readMailSettings(deps, tx)));
    await deps.db.change(
      tx,
      `INSERT INTO instance_settings (name, value) VALUES (:settingName, CAST(:value AS jsonb))
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      { settingName, value: JSON.stringify(settings) },
    );
    await deps.appendEvent(tx, { workspaceId: null, type: 'settings.updated', actorId: userId, data: { setting: settingName } });
  });
}

/** Takes a consent to marketing: it counts at once, or once the link in a mail is confirmed, as the settings say. */
export async function agree(
  deps: Deps,
  tx: Tx,
  wish: {
    user: { id: string; email: string; name: string };
    /** Asked for together, confirmed by one mail. */
    categories: readonly ('news' | 'tips')[];
    source: 'sign_up' | 'registration' | 'account';
    language: MailLanguage;
  },
): Promise<void> {
  const settings = await readMailSettings(deps, tx);
  const text = presentOffer(deps, settings).wording[wish.language];
  const { user, categories, source, language } = wish;
  const state = settings.isDoubleOptIn ? 'pending' : 'on';
  const ids: string[] = [];
  for (const category of categories) {
    const id = await choose(deps, tx, { userId: user.id, category, state, source, wording: { language, text } });
    ids.push(...(id === null ? [] : [id]));
  }
  const [first] = categories;
  if (ids.length === 0 || state === 'on' || first === undefined) {
    return;
  }
  const token = sealTarget(deps, { userId: user.id, email: null, category: first, language, confirms: ids.join(' ') });
  await queueMail(deps, tx, {
    template: 'marketing_confirmation',
    data: { link: `${deps.baseUrl()}/mail/confirm?token=${token}`, wording: text },
    to: { email: user.email, name: user.name, userId: user.id },
    validSeconds: confirmationSeconds,
  });
}

/** Makes the pending consents of one mail count. False when all of them were ended meanwhile. */
export async function confirmConsents(deps: Deps, tx: Tx, userId: string, consentIds: string): Promise<boolean> {
  let confirmed = 0;
  for (const id of consentIds.split(' ')) {
    confirmed += (await confirmConsent(deps, tx, userId, id)) ? 1 : 0;
  }
  return confirmed > 0;
}

async function confirmConsent(deps: Deps, tx: Tx, userId: string, consentId: string): Promise<boolean> {
  const [consent] = await deps.db.rows<{ category: 'news' | 'tips'; language: MailLanguage; text: string }>(
    tx,
    `SELECT l.category, w.language, w.text FROM consent_log l JOIN consent_wordings w ON w.id = l.wording_id
     JOIN mail_choices c ON c.user_id = l.user_id AND c.category = l.category
     WHERE l.id = :consentId AND l.user_id = :userId AND l.state = 'pending' AND c.state <> 'off'
       AND NOT EXISTS (SELECT 1 FROM consent_log n WHERE n.user_id = l.user_id AND n.category = l.category AND n.state = 'off' AND n.created_at > l.created_at)
     FOR UPDATE OF c`,
    { consentId, userId },
  );
  if (consent === undefined) {
    return false;
  }
  const { language, text } = consent;
  await choose(deps, tx, { userId, category: consent.category, state: 'on', source: 'confirmation', wording: { language, text } });
  return true;
}
