import {
  changeableCategories,
  type MailCategory,
  mailCategories,
  type MailLanguage,
  type OwnMail,
  type RouteInput,
} from '@carmic/contract';
import { conflict } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { type ChoiceState, choicesOf, choose, blindAddress } from '../../mail/choices.ts';
import { agree, presentOffer, readMailSettings } from '../../mail/mailSettings.ts';

interface PersonRow {
  id: string;
  email: string;
  name: string;
  mail_language: MailLanguage;
}
interface LogRow {
  category: MailCategory;
  state: ChoiceState;
  source: string;
  wording_id: string | null;
  text: string | null;
  created_at: Date;
}
const shownLines = 200;

async function personRow(deps: Deps, tx: Tx, userId: string): Promise<PersonRow> {
  const [row] = await deps.db.rows<PersonRow>(tx, 'SELECT id, email, name, mail_language FROM users WHERE id = :userId FOR UPDATE', {
    userId,
  });
  if (row === undefined) {
    throw new Error('The person of a session is gone.');
  }
  return row;
}

/** What somebody gets and agreed to. */
export async function presentOwnMail(deps: Deps, tx: Tx, userId: string): Promise<OwnMail> {
  const { db } = deps;
  const person = await personRow(deps, tx, userId);
  const chosen = await choicesOf(deps, tx, userId);
  const log = await db.rows<LogRow>(
    tx,
    `SELECT l.category, l.state, l.source, l.wording_id, w.text, l.created_at FROM consent_log l LEFT JOIN consent_wordings w ON w.id = l.wording_id
     WHERE l.user_id = :userId ORDER BY l.created_at DESC, l.id DESC LIMIT ${shownLines}`,
    { userId },
  );
  const [address] = await db.rows<{ bounces: number }>(
    tx,
    'SELECT bounces FROM mail_addresses WHERE address_blind = CAST(:blind AS bigint)',
    {
      blind: blindAddress(deps, person.email),
    },
  );
  return {
    language: person.mail_language,
    marketing: presentOffer(deps, await readMailSettings(deps, tx)),
    categories: (Object.keys(mailCategories) as MailCategory[]).map((category) => {
      const kind = mailCategories[category];
      return {
        category,
        kind,
        state: kind === 'service' ? 'on' : (chosen.get(category) ?? (kind === 'marketing' ? 'off' : 'on')),
        canChange: changeableCategories.some((each) => each === category),
      };
    }),
    isBouncing: (address?.bounces ?? 0) > 0,
    log: log.map((line) => ({
      category: line.category,
      state: line.state,
      source: line.source,
      wordingId: line.wording_id,
      wording: line.text,
      createdAt: line.created_at.toISOString(),
    })),
  };
}

/** Writes what somebody chose. Throws conflict for marketing where the operator sends none. */
export function updateOwnMail(deps: Deps, userId: string, body: RouteInput<'updateOwnMail'>['body']): Promise<OwnMail> {
  return deps.db.asSystem(async (tx) => {
    const wanted: ('news' | 'tips')[] = [];
    const person = await personRow(deps, tx, userId);
    const language = body.language ?? person.mail_language;
    if (body.language !== undefined) {
      await deps.db.change(tx, 'UPDATE users SET mail_language = :language WHERE id = :userId', { language, userId });
    }
    const settings = await readMailSettings(deps, tx);
    for (const { category, isOn } of body.choices) {
      const isMarketing = category === 'news' || category === 'tips';
      if (!isOn) {
        await choose(deps, tx, { userId, category, state: 'off', source: 'account' });
      } else if (!isMarketing) {
        await choose(deps, tx, { userId, category, state: 'on', source: 'account' });
      } else if (settings.marketing === 'off') {
        throw conflict('This installation sends no marketing mail.');
      } else if ((await choicesOf(deps, tx, userId)).get(category) !== 'on') {
        wanted.push(category);
      }
    }
    await agree(deps, tx, { user: person, categories: wanted, source: 'account', language });
    return presentOwnMail(deps, tx, userId);
  });
}
