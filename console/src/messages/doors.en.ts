/** Words about webhooks and the audit log. */
import type { AuditProblem } from '@carmic/contract';
import { count, number } from './count.ts';
import { eventSubjects, events } from './events.en.ts';

/** A time from a file that somebody may have changed: what is none is shown as it stands there. */
const when = (iso: string) =>
  Number.isNaN(Date.parse(iso))
    ? `“${iso}”`
    : `${new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' }).format(new Date(iso))} UTC`;

export const webhooks = {
  nav: 'Webhooks',
  title: 'Webhooks',
  lead: 'Addresses of your own programs that are told of what happens here.',
  ownersOnly: 'Only owners of this workspace can see its webhooks.',
  add: 'New webhook',
  emptyTitle: 'Nobody is told yet',
  emptyText: 'Give the address of a program, and it gets a signed call for every event you choose.',
  dialogTitle: 'New webhook',
  editTitle: 'Change the webhook',
  url: 'Address',
  urlHint: 'The operator of this installation decides which hosts may be called.',
  events: 'Events',
  create: 'Make webhook',
  secret: 'Secret',
  secretHint: 'Shown only now. Your program checks the signature of every call with it.',
  done: 'Done',
  listTitle: 'Who is told',
  allEvents: 'Every event',
  chosenEvents: 'Chosen events',
  allHint: 'Everything that happens in this workspace, also what later releases can tell of.',
  chosenOf: (n: number, all: number) => (n === 0 ? count(all, 'event', 'events') : `${number.format(n)} of ${number.format(all)}`),
  chooseAll: 'Choose all',
  chooseNone: 'Choose none',
  testEvent: 'A test',
  /** The first of them by name, and how many there are. */
  someEvents: (names: string, n: number) => (n > 3 ? `${names} and ${number.format(n - 3)} more` : names),
  on: 'On',
  off: 'Off',
  failing: 'Failing',
  failingSince: (when: string) => `Takes nothing since ${when}.`,
  twoSecrets: 'Two secrets are in force while the rotation overlaps.',
  edit: 'Change',
  test: 'Send a test',
  tested: 'A test event is on its way.',
  rotate: 'New secret (the old one works for a day)',
  switchOn: 'Switch on',
  switchOff: 'Switch off',
  remove: 'Remove',
  removeTitle: 'Remove this webhook?',
  removeText: 'Its log of deliveries goes with it.',
  actions: (url: string) => `Actions for ${url}`,
  log: 'Deliveries',
  showLog: (url: string) => `Deliveries to ${url}`,
  noDeliveries: 'Nothing was sent yet.',
  states: { pending: 'Waiting', delivered: 'Delivered', failed: 'Failed' },
  attempts: (n: number) => count(n, 'attempt', 'attempts'),
  answered: (status: number) => `answered ${status}`,
  nextAt: (when: string) => `again ${when}`,
  replay: 'Send again',
  replayed: 'It is sent once more, with the same event id.',
  conflict: 'Somebody else has changed this webhook meanwhile. This is how it is now; make your change again.',
};

export const audit = {
  nav: 'Audit log',
  title: 'Audit log',
  lead: 'Everything that happened in this installation, in a chain that shows whether anybody changed it.',
  verify: 'Verify the chain',
  intact: (entries: number, heads: number) =>
    `Intact: ${count(entries, 'entry', 'entries')} and ${count(heads, 'signed head', 'signed heads')} were checked.`,
  broken: 'The log was changed.',
  problems: {
    head_signature: (at = '') => `The signature of the head of ${when(at)} does not fit.`,
    cut: (signed = '', kept = '') =>
      `The chain was cut: a signed head counts ${count(Number(signed), 'entry', 'entries')}, the database has ${number.format(Number(kept))}.`,
    no_head: () => 'There is no signed head: the file with them is missing or was never written.',
    missing_entries: (first = '', last = '') =>
      first === last ? `Entry ${first} is missing from the chain.` : `Entries ${first} to ${last} are missing from the chain.`,
    event_removed: (entry = '') => `The event of entry ${entry} was removed.`,
    entry_altered: (entry = '') => `Entry ${entry} does not fit its event or the entry before it.`,
    rebuilt: (entry = '') => `Entry ${entry} is not the one whose head was signed: the chain was built anew.`,
    inserted: (n = '') => `${count(Number(n), 'event was', 'events were')} inserted behind the end of the chain.`,
  } satisfies Record<AuditProblem['code'], (...values: string[]) => string> as Record<
    AuditProblem['code'],
    (...values: string[]) => string
  >,
  area: 'About',
  everyArea: 'Everything',
  filter: 'Kind of event',
  events,
  subjects: eventSubjects,
  /** As a choice: in words, with the code that programs and searches know. */
  all: 'All kinds',
  saveJson: 'Save as JSON lines',
  saveCef: 'Save as CEF',
  emptyTitle: 'Nothing of this kind',
  emptyText: 'No event of this kind has happened yet.',
  erased: 'a person who was erased',
  system: 'the installation itself',
  by: (name: string) => `by ${name}`,
  entry: (sequence: number) => `No. ${number.format(sequence)}`,
  workspace: (id: string) => `Workspace ${id}`,
  subject: (id: string) => `About ${id}`,
  hash: (hash: string) => `Hash ${hash}`,
  entries: 'Entries',
  older: 'Older entries',
};

export const serviceAccounts = {
  add: 'New service account',
  title: 'New service account',
  text: 'An account for a program: it has API keys, made on your Account page, and cannot sign in.',
  name: 'Name',
  role: 'Role',
  create: 'Make account',
  made: (name: string) => `${name} was made. Make a key for it on your Account page.`,
  keyFor: 'Acts as',
  myself: 'You',
};
