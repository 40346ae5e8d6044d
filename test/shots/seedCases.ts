/** What administrators have to decide about: a held video, an appeal that was heard, requests of people, an open door for new accounts. */
import { safetyCategories, type SafetyRule } from '@carmic/contract';
import { type Caller, type TestInstance, until } from '../support/instance.ts';
import type { ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

const abusive = [
  'Welcome back to the evening show, it has been a long week for everybody at the harbour.',
  'Shut up you stupid fucking bitch, you disgusting piece of shit, I hope you die, you worthless fucking idiot.',
  'That was the letter we got last week, and we read it to you because it has to stop.',
];
const srt = abusive.map(
  (text, at) => `${at + 1}\n00:00:${String(at * 8).padStart(2, '0')},000 --> 00:00:${String(at * 8 + 7).padStart(2, '0')},000\n${text}\n`,
);

/** Lets the policy hold one video; its case waits for a decision. */
export async function seedSafety(instance: TestInstance, admin: Caller, agent: ProtocolAgent): Promise<void> {
  await admin.call('updateInstanceEngines', { params: { kind: 'safety' }, body: { order: ['built-in'] } });
  const { items } = await admin.call('listSafetyPolicies');
  const rules = safetyCategories.map((category): SafetyRule => ({
    category,
    threshold: 0.5,
    video: category === 'pictures' ? 'note' : 'hold',
    clip: 'note',
  }));
  await admin.call('createSafetyPolicy', {
    body: { baseVersion: items[0]?.version ?? 0, note: 'Insults wait for a person.', rules, planRules: [] },
  });
  const customer = await instance.createCaller();
  const video = await uploadVideo(customer.call, instance.baseUrl, Buffer.from('evening show'), {
    fileName: 'Evening show, letters.mp4',
    captions: srt.join('\n'),
  });
  await until('the video to be held', async () => {
    const lease = await agent.lease(['inspect'], 1);
    if (lease !== null) {
      await agent.finish(lease);
    }
    return (await customer.call('getVideo', { params: { id: video.id } })).state === 'held' ? true : null;
  });
}

/** Requests of people about their data, and a form for new accounts that asks for consent. */
export async function seedPeople(admin: Caller): Promise<void> {
  for (const [kind, email, detail] of [
    ['access', 'mira@harbour.example', 'By letter of Monday: everything that you have about me.'],
    ['rectification', 'jonas@harbour.example', 'My name is spelled wrong in two transcripts.'],
  ] as const) {
    await admin.call('createPrivacyRequest', { body: { kind, email, detail } });
  }
  const accounts = await admin.call('getAccountSettings');
  await admin.call('putAccountSettings', { body: { ...accounts, signUp: 'open' } }, { ifMatch: '*' });
  const mail = await admin.call('getMailSettings');
  await admin.call('putMailSettings', { body: { ...mail, marketing: 'opt_in' } }, { ifMatch: '*' });
  for (const [step, state] of [
    ['storage', 'done'],
    ['agent', 'done'],
    ['mail', 'skipped'],
  ] as const) {
    await admin.call('putSetupStep', { params: { step }, body: { state } });
  }
}
