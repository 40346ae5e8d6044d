/**
 * Every word the console says, in English. Another language is another object of type `Messages`; nothing outside this folder
 * holds text that a person reads.
 */

import { agents } from './agents.en.ts';
import { billing } from './billing.en.ts';
import { brand } from './brand.en.ts';
import { clips } from './clips.en.ts';
import { count, number, plural } from './count.ts';
import { audit, serviceAccounts, webhooks } from './doors.en.ts';
import { imports } from './imports.en.ts';
import { keeping } from './keeping.en.ts';
import { mail } from './mail.en.ts';
import { storage } from './storage.en.ts';
import { overview } from './overview.en.ts';
import { settings, system } from './system.en.ts';
import { compression } from './compression.en.ts';
import { thirdParties } from './thirdParties.en.ts';
import { people } from './people.en.ts';
import { moments, safety } from './safety.en.ts';
import { legalHold, safekeeping } from './safekeeping.en.ts';
import { personalData } from './personalData.en.ts';
import { server } from './server.en.ts';
import { exporting } from './exporting.en.ts';
import { labels } from './labels.en.ts';
import { keys } from './keys.en.ts';
import { sharing } from './sharing.en.ts';
import { setup } from './setup.en.ts';
import { signOn } from './signOn.en.ts';
import { words } from './words.ts';

export const en = {
  locale: 'en',
  appName: 'Carmic',

  common: {
    cancel: 'Cancel',
    close: 'Close',
    save: 'Save',
    retry: 'Try again',
    more: 'More',
    loading: 'Loading',
    copy: 'Copy',
    copied: 'Copied',
    dismiss: 'Dismiss',
    skipToContent: 'Skip to content',
    onThisPage: 'On this page',
    /** Instead of a chart that would have a single mark. */
    onlyFigure: {
      hour: (when: string) => `All of it in the hour from ${when}. The second hour makes it a chart.`,
      day: (when: string) => `All of it on ${when}. The second day makes it a chart.`,
    },
  },

  words,
  imports,
  safety,
  moments,
  brand,
  server,
  personalData,
  overview,
  system,
  setup,
  settings,

  viewer: {
    note: 'You are a viewer here: you can look at everything, play and download it. Editors and owners can change it.',
    engines: 'Only owners of this workspace can change which engines are asked.',
    empty: 'There is nothing to see yet. Editors and owners of this workspace can upload videos.',
  },

  title: (page: string) => `${page} · Carmic`,

  nav: {
    label: 'Main',
    library: 'Library',
    agents: 'Agents',
    deletions: 'Deletions',
    plans: 'Plans',
    account: 'Account',
    signOut: 'Sign out',
    theme: 'Appearance',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    version: (version: string) => `Version ${version}`,
    language: 'Language',
    administration: 'Administration',
  },

  live: {
    reconnecting: 'Reconnecting…',
    reconnectingLong: 'The connection to the server was cut. What you see may be out of date; trying again.',
    saving: 'Saving…',
    notSaved: 'Not saved yet. Leave this page open: it is sent as soon as the connection is back.',
    saved: 'Saved',
  },

  errors: {
    offline: 'The server cannot be reached. Check your connection, then try again.',
    unexpected: 'Something went wrong here. Load the page again; if it stays, tell your administrator.',
    unreadable: 'The server answered in a way this page does not understand. Load the page again.',
    rateLimited: (seconds: number) => `Too many attempts. Try again in ${count(seconds, 'second', 'seconds')}.`,
    loadFailed: 'This could not be loaded',
    pageFailed: 'A part of the console did not arrive. Check your connection, then try again.',
    startFailed: 'Carmic is not answering',
  },

  signIn: {
    title: 'Sign in',
    lead: 'Long videos in. Clips worth posting out.',
    email: 'Email',
    password: 'Password',
    submit: 'Sign in',
    checkingLink: 'Signing you in…',
    linkRefused: 'This sign-in link no longer works',
    linkRefusedText:
      'A link works once and for a day. Until a password is chosen, each start of Carmic prints a new one; otherwise sign in below.',
    wrong: 'That email and password do not match.',
    sessionEnded: 'You were signed out. Sign in again to go on.',
    firstTime: 'First time here? Open the sign-in link that was printed when Carmic started.',
    points: [
      'Finds the moments that stand on their own',
      'Follows the speaker, captions every word',
      'Runs on your machines. Nothing leaves them.',
    ],
  },

  welcome: {
    title: 'Welcome. Make it yours',
    text: 'Choose how you sign in from now on. The link you used works only once.',
    name: 'Your name',
    email: 'Email',
    password: 'Password',
    passwordHint: '8 to 128 characters. A few unrelated words make a good one.',
    submit: 'Save and go on',
    skip: 'Skip for now',
    done: 'All set. You can sign in with your email and password from now on.',
    reminder: 'You came in by a one-time link. Choose a password so that you can come back.',
    reminderAction: 'Choose a password',
  },

  expiry: {
    ends: (when: string, day: string) => `Expires ${when} (${day})`,
    none: 'No expiry',
    by: {
      plan: (plan: string) => `by the plan ${plan}`,
      workspace: (_plan: string) => 'by a rule of this workspace',
      grace: (_plan: string) => 'longer by the grace after a stricter rule',
    },
  },

  library: {
    title: 'Library',
    upload: 'Upload videos',
    dropTitle: 'Drop to upload',
    dropText: 'Videos, and subtitle files that belong to them',
    emptyTitle: 'Drop your first video here',
    emptyText:
      'A talk, a podcast, a stream: anything with a few good moments. Carmic finds them, frames them for phones and captions them.',
    emptyHint: (size: string, length: string) => `Up to ${size} and ${length} each`,
    loadMore: 'Show more',
    clips: (n: number) => count(n, 'clip', 'clips'),
    noClips: 'No clips',
    menu: (title: string) => `Actions for ${title}`,
    open: 'Open',
    continueUpload: 'Continue the upload…',
    uploadElsewhere: 'Upload not finished',
  },

  state: {
    uploading: 'Uploading',
    inspecting: 'Looking at the video',
    transcribing: 'Listening',
    selecting: 'Choosing moments',
    held: 'Waits for a review',
    rendering: 'Rendering clips',
    ready: 'Ready',
    failed: 'Stopped',
    deleting: 'Being deleted',
  },

  stage: {
    names: { upload: 'Upload', inspect: 'Inspect', transcript: 'Transcript', highlights: 'Highlights', render: 'Render' },
    states: { waiting: 'Waiting', running: 'Running', done: 'Done', skipped: 'Skipped', failed: 'Failed' },
    what: {
      upload: 'The file arrives and is checked',
      inspect: 'Picture, sound and cuts are measured',
      transcript: 'Words are put on the time line',
      highlights: 'The best moments are ranked',
      render: 'Clips are framed, captioned and encoded',
    },
    progress: (name: string) => `${name}: progress`,
    secondsLeft: (left: string) => `about ${left} left`,
    took: (time: string) => `took ${time}`,
    title: 'Progress',
    allDone: 'How it was made',
  },

  sheet: {
    title: (n: number) => (n === 1 ? 'New video' : `${number.format(n)} new videos`),
    start: (n: number) => (n === 1 ? 'Start' : `Start ${number.format(n)} uploads`),
    addMore: 'Add files',
    remove: (name: string) => `Remove ${name}`,
    sameForAll: 'The same settings for all',
    settingsFor: (name: string) => `Settings for ${name}`,
    files: 'Files',
    clipCount: 'Clips',
    clipCountHint: 'at most',
    aspects: 'Formats',
    captions: 'Captions',
    captionStyles: {
      karaoke: 'Word by word',
      pop: 'Word pop',
      boxed: 'Boxed',
      highlight: 'Highlight',
      reveal: 'Reveal',
      headline: 'Headline',
      neon: 'Neon',
      duo: 'Two speakers',
      minimal: 'Minimal',
      classic: 'Classic',
      none: 'None',
    },
    length: 'Clip length',
    lengths: { short: '10–30 s', medium: '15–60 s', long: '45–90 s', custom: 'Custom' },
    minSeconds: 'At least (seconds)',
    maxSeconds: 'At most (seconds)',
    lengthError: 'The longest must be longer than the shortest: 5 to 180 and 8 to 180 seconds.',
    subtitles: 'Subtitles',
    subtitlesHint: 'If you have an SRT or VTT file, its words are used instead of speech recognition.',
    subtitlesAdd: 'Add SRT or VTT',
    subtitlesRemove: (name: string) => `Remove the subtitles ${name}`,
    subtitlesTooLarge: 'A subtitle file can be 10 MB at most.',
    more: 'more',
    fewer: 'fewer',
    tooLarge: (size: string, limit: string) => `${size}, and this installation takes ${limit} at most.`,
    empty: 'This file is empty.',
    notVideo: 'This does not look like a video; it will be checked after the upload.',
    nothingToStart: 'None of these files can be uploaded.',
    strayCaptions: (name: string) => `${name} fits none of the videos by its name and was left out.`,
  },

  aspects: {
    '9:16': 'Vertical',
    '1:1': 'Square',
    '4:5': 'Portrait',
    '16:9': 'Wide',
  },

  uploads: {
    title: (n: number) => count(n, 'upload', 'uploads'),
    panel: 'Uploads',
    collapse: 'Hide uploads',
    expand: 'Show uploads',
    pause: (name: string) => `Pause ${name}`,
    resume: (name: string) => `Resume ${name}`,
    cancel: (name: string) => `Cancel ${name}`,
    dismiss: (name: string) => `Remove ${name} from this list`,
    clearDone: 'Clear finished',
    states: {
      preparing: 'Preparing…',
      queued: 'Waiting for its turn',
      uploading: 'Uploading',
      paused: 'Paused',
      reconnecting: 'Connection lost, trying again…',
      needsFile: 'Choose the same file again to go on',
      finishing: 'Checking what arrived…',
      done: 'Uploaded',
      failed: 'Stopped',
    },
    chooseFile: 'Choose file',
    amount: (sent: string, total: string) => `${sent} of ${total}`,
    speed: (perSecond: string) => `${perSecond}/s`,
    left: (time: string) => `${time} left`,
    progress: (name: string) => `Upload of ${name}`,
    otherFile: (name: string) => `That is another file. Choose ${name} again.`,
    otherContent: 'That file has the same name but other content. Choose the one you started with, or cancel and upload it anew.',
    fileChanged: 'The file was changed, moved or deleted while it was being uploaded. Choose it again to go on.',
    gone: 'This upload ran out before it was finished. Upload the file anew.',
    storageFull: 'The server has no room left for this file. Free some space there, then try again.',
    partFailed: 'A part of the file could not be stored after several attempts.',
    captionsFailed: (message: string) => `The subtitles were not accepted: ${message}`,
    withoutCaptions: 'Go on without subtitles',
    captionsRepaired: (name: string, n: number) => `${name}: ${count(n, 'thing was', 'things were')} repaired in the subtitles.`,
    cancelTitle: 'Cancel this upload?',
    cancelText: (name: string) => `What has arrived of “${name}” is removed from the server.`,
    cancelAction: 'Cancel upload',
  },

  video: {
    backToLibrary: 'Library',
    delete: 'Delete video…',
    deleteTitle: 'Delete this video?',
    deleteText: (title: string) =>
      `“${title}”, its clips, captions and everything made from it are deleted for good. This cannot be undone.`,
    deleteAction: 'Delete for good',
    deleted: (title: string) => `“${title}” was deleted.`,
    goneTitle: 'This video is not here any more',
    goneText: 'It was deleted, has expired, or the address is wrong.',
    toLibrary: 'Go to the library',
    resolution: (width: number, height: number) => `${width} × ${height}`,
    noSound: 'no sound',
    uploaded: (when: string) => `Added ${when}`,
    source: 'Source',
    transcript: 'Transcript',
    transcriptShow: 'Show transcript',
    chapters: 'Chapters',
    findings: 'Look at before publishing',
    findingsNote: (n: number) => count(n, 'passage', 'passages'),
    findingsHint: 'A classifier thinks this may break the rules. It is often wrong.',
    transcriptNone: 'No transcript',
    transcriptNoneText: 'Nobody speaks, or nothing here can listen. The notes above say which.',
    transcriptWaiting: 'The words appear here as soon as they are there.',
    transcriptEngine: (engine: string, words: number) => `${engine} · ${count(words, 'word', 'words')}`,
    transcriptHelp: 'Select a time or a word to play from there. On a time, the left and right arrow keys go word by word.',
    follow: 'Follow along',
    playFrom: (time: string) => `Play from ${time}`,
    waveform: 'Time line',
    waveformSeek: 'Position in the source',
    waveformPosition: (now: string, of: string) => `${now} of ${of}`,
    noPlayer: 'The preview appears here once the video has been inspected.',
    noPlayerFailed: 'There is no preview of this video.',
    playerError: 'The preview could not be played.',
    failedAt: (stage: string) => `Stopped at: ${stage}`,
    failureNext: 'What you can do',
    failureCode: (code: string) => `Code ${code}`,
    retry: 'Try again',
    retried: 'Trying again.',
    uploadElsewhere: 'This upload was not finished. Choose the same file again to go on where it stopped.',
    chooseFile: 'Choose the file',
  },

  player: {
    label: (title: string) => `Preview of ${title}`,
    play: 'Play',
    pause: 'Pause',
    mute: 'Mute',
    unmute: 'Sound on',
    fullscreen: 'Full screen',
    speed: 'Speed',
    speedValue: (rate: number) => `${rate}×`,
    keys: 'Space plays and pauses, J and L jump ten seconds, arrows one second, ? shows all keys.',
  },

  agents,

  account: {
    title: 'Account',
    profile: 'Profile',
    profileText: 'How you appear here, and where you sign in from.',
    name: 'Name',
    email: 'Email',
    currentPassword: 'Current password',
    currentPasswordHint: 'Needed to change the email.',
    password: 'Password',
    passwordText: 'Changing it signs you out everywhere else.',
    passwordTextNone: 'You have no password yet. Choose one to be able to sign in again.',
    newPassword: 'New password',
    passwordSaved: 'Your password was changed.',
    profileSaved: 'Your profile was saved.',
    setPassword: 'Set password',
    changePassword: 'Change password',
    plan: 'Plan and storage',
    planText: 'What applies to this workspace, and how much it holds.',
    expiresAfter: (days: number) => (days === 1 ? 'Videos and clips are kept for a day.' : `Videos and clips are kept for ${days} days.`),
    noExpiry: 'Videos and clips are kept until you delete them.',
    storage: 'Storage used',
    storageUses: {
      sources: 'Uploaded videos',
      clips: 'Clips and their covers',
      copies: 'Copies for the player',
      words: 'Words and captions',
      brands: 'Brand kits',
      other: 'Other',
    },
    stored: (used: string) => `${used} stored`,
    storedOf: (used: string, limit: string) => `${used} of ${limit} used`,
    minutes: 'Processing minutes this month',
    minutesUsed: (used: number) => `${count(used, 'minute', 'minutes')} processed this month`,
    minutesUsedOf: (used: number, limit: number) => `${number.format(used)} of ${count(limit, 'minute', 'minutes')} processed this month`,
    minutesReserved: (reserved: number) =>
      `${count(reserved, 'minute', 'minutes')} more ${plural.select(reserved) === 'one' ? 'is' : 'are'} reserved for work that is going on.`,
    membersOf: (members: number, limit: number) => `${number.format(members)} of ${count(limit, 'member', 'members')}`,
    notIncluded: (features: string) => `Not included: ${features}`,
    appearance: 'Appearance',
    appearanceText: 'Applies to this browser.',
    session: 'This session',
    sessionText: 'Uploads that are running in this browser stop when you sign out.',
  },

  validation: {
    email: 'Enter an email address, such as ada@example.org.',
    name: 'Enter a name.',
    passwordLength: 'Use 8 to 128 characters.',
  },

  notFound: {
    title: 'There is nothing at this address',
    text: 'The link may be old, or mistyped.',
  },

  units: {
    bytes: ['bytes', 'KB', 'MB', 'GB', 'TB'],
    justNow: 'just now',
    seconds: (n: number) => `${n} s`,
    minutes: (n: number) => `${n} min`,
    hours: (n: number) => `${n} h`,
    hoursMinutes: (h: number, m: number) => (m === 0 ? `${h} h` : `${h} h ${m} min`),
  },

  ...clips,
  sharing,
  keys,
  labels,
  exporting,
  ...keeping,
  audit,
  serviceAccounts,
  webhooks,
  ...storage,
  people,
  safekeeping,
  mail,
  thirdParties,
  compression,
  legalHold,
  billing,
  signOn,

  toasts: { region: 'Notifications' },
};

/** The shape every language has to fill. */
export type Messages = typeof en;
