/** Words about the state of the whole installation. */
import type { OverviewCheck } from '@carmic/contract';
import { count, number } from './count.ts';

type Words = { title: string; ok: (figure: string) => string; bad: (figure: string) => string; fix: string };

export const overview = {
  nav: 'Overview',
  title: 'Overview',
  lead: 'Is everything well? And if not, what to do about it.',
  again: 'Look again',
  checkedAt: (when: string) => `Looked at ${when}.`,
  allWell: 'Everything is well',
  allWellText: (n: number) => `${count(n, 'thing was', 'things were')} looked at, and nothing needs you.`,
  needsYou: (n: number) => `${count(n, 'thing needs', 'things need')} your attention`,
  states: { ok: 'In order', attention: 'Needs attention', bad: 'Not working', off: 'Not set up' },
  toDo: 'What to do',
  checksTitle: 'What was looked at',
  open: 'Open',
  noCertificate: 'No https address is set, so there is no certificate to look at.',
  figures: {
    queue: 'Waiting tasks',
    queueNote: (running: number) => `${number.format(running)} in work`,
    agents: 'Agents online',
    agentsNote: (all: number) => `of ${number.format(all)} enrolled`,
    storage: 'Content stored',
    storageNote: (videos: number, workspaces: number) =>
      `${count(videos, 'video', 'videos')} in ${count(workspaces, 'workspace', 'workspaces')}`,
    database: 'Database',
    databaseNote: (backup: string | null) => (backup === null ? 'no backup yet' : `backup ${backup}`),
  },
  charts: {
    work: 'Tasks in the last 48 hours',
    done: 'Done',
    failed: 'Failed',
    wait: 'Time from queue to agent',
    waitSeries: 'Mean wait',
    empty: 'No task ended in the last 48 hours.',
    summary: (done: number, failed: number) => `${number.format(done)} done, ${number.format(failed)} failed`,
    waitSummary: (time: string) => `${time} on average`,
  },
  checks: {
    agents: {
      title: 'Agents',
      ok: (n) => `${n} online.`,
      bad: () => 'No agent has called within the last minute: no video is worked on.',
      fix: 'Start an agent, or read the log of one that does not come in.',
    },
    queue: {
      title: 'Waiting work',
      ok: (n) => `The oldest task has waited ${n}.`,
      bad: (n) => `The oldest task has waited ${n}.`,
      fix: 'Add agents, or see why those that are there take no work.',
    },
    worker: {
      title: 'Jobs of the server',
      ok: () => 'Jobs are taken in time.',
      bad: (n) => `A job has been due for ${n}: no worker takes any.`,
      fix: 'Start the worker (carmic worker), or read its log.',
    },
    encoders: {
      title: 'Encoders of graphics cards',
      ok: () => 'None is broken.',
      bad: (n) => `${n} cannot be used; the processor does its work, more slowly.`,
      fix: 'The agents page says of each what is wrong with it.',
    },
    storage: {
      title: 'Storage',
      ok: () => 'It is as it must be.',
      bad: (n) => `Checks that failed: ${n}.`,
      fix: 'The storage page shows the command that mends each.',
    },
    workspaces_full: {
      title: 'Room in workspaces',
      ok: () => 'No workspace is nearly full.',
      bad: (n) => `Workspaces with less than a tenth left: ${n}.`,
      fix: 'Give them a larger plan, or ask them to delete what they do not need.',
    },
    database: {
      title: 'Database',
      ok: (n) => `It answers; ${n} of its connections are in use.`,
      bad: (n) => `${n} of its connections are in use.`,
      fix: 'Raise max_connections, or put PgBouncer in front.',
    },
    deletions: {
      title: 'Deletions',
      ok: () => 'None is late.',
      bad: (n) => `One has been open for ${n}; each has to end within 24 hours.`,
      fix: 'The deletions page says at which step it waits.',
    },
    retention: {
      title: 'Expired content',
      ok: () => 'It is swept in time.',
      bad: (n) => `It has waited ${n} for the sweeper; it is refused to readers all the same.`,
      fix: 'See that a worker runs, and read its log.',
    },
    backup: {
      title: 'Backup',
      ok: (n) => `The newest is ${n} old.`,
      bad: (n) => (n === '' ? 'This installation knows of no backup.' : `The newest is ${n} old.`),
      fix: 'Run “carmic backup” every night.',
    },
    certificate: {
      title: 'Certificate',
      ok: (n) => `It ends in ${n}.`,
      bad: (n) => (n === '' ? 'The address of this installation cannot be reached from the server.' : `It ends in ${n}.`),
      fix: 'Renew it, or see in the front’s log why that does not happen by itself.',
    },
    mail: {
      title: 'Mail',
      ok: () => 'A mail server is set.',
      bad: () => 'No mail server is set: you hand links over yourself.',
      fix: 'Set CARMIC_SMTP_URL to send mail.',
    },
    api_keys: {
      title: 'API keys',
      ok: () => 'None ends within two weeks.',
      bad: (n) => `Keys that end within two weeks: ${n}.`,
      fix: 'Their owners can rotate them on their account page.',
    },
  } satisfies Record<OverviewCheck['name'], Words> as Record<OverviewCheck['name'], Words>,
};
