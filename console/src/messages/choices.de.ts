/** Why the agent chose a layout or an encoder, in German. Its reasons are sentences behind each other. */
import { clips } from './clips.de.ts';
import { type Forms, told } from './told.ts';

const layouts: Readonly<Record<string, string>> = clips.clips.layouts;

const same: Readonly<Record<string, string>> = {
  'The video already has this shape, so the whole picture is kept.': 'Das Video hat dieses Format schon, also bleibt das ganze Bild.',
  'The crop was placed by hand.': 'Der Ausschnitt wurde von Hand gesetzt.',
  'This layout was asked for.': 'Dieses Layout wurde gewünscht.',
  'A layout was asked for that needs more faces than are seen here.':
    'Gewünscht war ein Layout, das mehr Gesichter braucht, als hier zu sehen sind.',
  'A small face stays in a corner beside a picture full of movement: the face above, the game below.':
    'Ein kleines Gesicht bleibt in einer Ecke neben einem Bild voller Bewegung: oben das Gesicht, unten das Spiel.',
  'A small face stays in a corner of a still picture: all of the screen above, the face below.':
    'Ein kleines Gesicht bleibt in einer Ecke eines ruhigen Bildes: oben der ganze Bildschirm, unten das Gesicht.',
  'The face is too close to crop, so the whole picture is shown over a blur.':
    'Das Gesicht ist zu nah für einen Ausschnitt, also steht das ganze Bild auf unscharfem Grund.',
  'The face that is there most of the time is followed.': 'Gefolgt wird dem Gesicht, das die meiste Zeit da ist.',
  'One of them speaks and is followed.': 'Eine davon spricht, und ihr wird gefolgt.',
  'Two people are seen and it is not clear who speaks, so both are shown.':
    'Zwei Personen sind zu sehen, und es ist nicht klar, wer spricht; also werden beide gezeigt.',
  'Several people are seen and it is not clear who speaks, so the whole picture is shown over a blur.':
    'Mehrere Personen sind zu sehen, und es ist nicht klar, wer spricht; also steht das ganze Bild auf unscharfem Grund.',
  'Panels would not fit this shape or show the same twice, so all of the picture is shown over a blur.':
    'Teilbilder passten nicht in dieses Format oder zeigten dasselbe zweimal, also steht das ganze Bild auf unscharfem Grund.',
  'The processor encodes.': 'Der Prozessor kodiert.',
  'This agent has no graphics card that encodes.': 'Dieser Agent hat keine Grafikkarte, die kodiert.',
  'It is tried again in a while.': 'In einer Weile wird es wieder versucht.',
  'It said nothing that is known here.': 'Was sie meldete, ist hier nicht bekannt.',
  'This ffmpeg was built without it.': 'Dieses ffmpeg wurde ohne ihn gebaut.',
  'There is no NVIDIA card here, or it has no encoder.': 'Hier ist keine Karte von NVIDIA, oder sie hat keinen Encoder.',
  'There is no graphics card here that it can use.': 'Hier ist keine Grafikkarte, die er benutzen kann.',
  'The agent may not open the graphics card: add its user to the groups video and render.':
    'Der Agent darf die Grafikkarte nicht öffnen: Nehmen Sie seinen Benutzer in die Gruppen video und render auf.',
  'The graphics card allows no further encoding session.': 'Die Grafikkarte lässt keine weitere Sitzung zum Kodieren zu.',
  'The memory of the graphics card is full.': 'Der Speicher der Grafikkarte ist voll.',
  'The graphics card does not encode this codec with the settings needed.':
    'Die Grafikkarte kodiert diesen Codec nicht mit den nötigen Einstellungen.',
  'Its picture is worse than that of libx264.': 'Sein Bild ist schlechter als das von libx264.',
  'It is switched off by CARMIC_AGENT_ENCODERS.': 'Er ist durch CARMIC_AGENT_ENCODERS abgeschaltet.',
  'It failed.': 'Er ist gescheitert.',
};

const forms: Forms = [
  [
    /^Nobody is seen; the middle (\d+) % of the picture is shown\.$/,
    (share) => `Niemand ist zu sehen; gezeigt werden die mittleren ${share} % des Bildes.`,
  ],
  [
    /^Nobody is seen, and a crop would show only (\d+) % of the picture, so all of it is shown over a blur\.$/,
    (share) => `Niemand ist zu sehen, und ein Ausschnitt zeigte nur ${share} % des Bildes; also steht das ganze Bild auf unscharfem Grund.`,
  ],
  [
    /^The face that is seen is followed; it is there in (\d+) % of this shot\.$/,
    (share) => `Gefolgt wird dem Gesicht, das zu sehen ist; es ist in ${share} % dieser Einstellung da.`,
  ],
  [
    /^(\d+) people are seen in pictures of their own, above and beside each other, so all are shown\.$/,
    (count) => `${count} Personen sind in eigenen Bildern über- und nebeneinander zu sehen; also werden alle gezeigt.`,
  ],
  [
    /^(\d+) people are seen in pictures of their own, so the whole picture is shown over a blur\.$/,
    (count) => `${count} Personen sind in eigenen Bildern zu sehen; also steht das ganze Bild auf unscharfem Grund.`,
  ],
  [
    /^(\d+) people stand close together and are all shown\.$/,
    (count) => `${count} Personen stehen nah beieinander, und alle werden gezeigt.`,
  ],
  [/^(\d+) people are seen\.$/, (count) => `${count} Personen sind zu sehen.`],
  [
    /^Whoever speaks is followed; (\d+) changes of speaker\.$/,
    (count) => `Gefolgt wird, wer spricht; ${count === '1' ? 'ein Wechsel' : `${count} Wechsel`}.`,
  ],
  [
    /^(\d+) people are seen and it is not clear who speaks, so all are shown\.$/,
    (count) => `${count} Personen sind zu sehen, und es ist nicht klar, wer spricht; also werden alle gezeigt.`,
  ],
  [
    /^Whoever speaks could be followed in (\d+) % of the time only, so both are shown\.$/,
    (share) => `Wer spricht, wäre nur in ${share} % der Zeit im Bild; also werden beide gezeigt.`,
  ],
  [
    /^A crop would hold the whole face in (\d+) % of the frames only, so all of the picture is shown over a blur\.$/,
    (share) => `Ein Ausschnitt hielte das ganze Gesicht nur in ${share} % der Bilder; also steht das ganze Bild auf unscharfem Grund.`,
  ],
  [/^(\S+): the graphics card encodes\.$/, (name) => `${name}: Die Grafikkarte kodiert.`],
  [
    /^(\S+) failed on this clip, so the processor encoded it\.$/,
    (name) => `${name} ist an diesem Clip gescheitert, also hat der Prozessor ihn kodiert.`,
  ],
  [
    /^No encoder for (\S+) works on this agent, so it is (\S+)\.$/,
    (wanted, used) => `Auf diesem Agenten läuft kein Encoder für ${wanted}, also wurde es ${used}.`,
  ],
  [/^No (.+) driver is installed here\.$/, (maker) => `Hier ist kein Treiber für ${maker} installiert.`],
  [/^The (.+) driver is too old for this ffmpeg\.$/, (maker) => `Der Treiber für ${maker} ist zu alt für dieses ffmpeg.`],
  [
    /^Other shots: ([a-z, ]+)\.$/,
    (others = '') =>
      `Andere Einstellungen: ${others
        .split(', ')
        .map((layout) => layouts[layout] ?? layout)
        .join(', ')}.`,
  ],
];

/**
 * Why a layout or an encoder was chosen, in German: its sentences, each told for itself. One that is not known to this page, and what an
 * encoder itself said, stays as it came.
 */
export function choiceText(reason: string): string {
  // What ffmpeg said may hold full stops of its own, and stands at the end.
  const failed = /^(.*?)It failed: (.+)$/s.exec(reason);
  if (failed) {
    const [, before = '', said = ''] = failed;
    return `${choiceText(before)}Er ist gescheitert: „${said}“`;
  }
  return reason
    .split(/(?<=\.) (?=[A-Z\d]|\w+: )/)
    .map((part) => {
      const [, name = '', about = ''] = /^(\w+: )?(.*)$/s.exec(part) ?? [];
      return told(part, same, forms) ?? `${name}${told(about, same, forms) ?? about}`;
    })
    .join(' ');
}
