/** What the demonstration video says and shows: written by us, spoken and drawn at run time. */

/** One scene: what is said, and the words on the picture (one array entry per line). */
export interface DemoScene {
  readonly look: 'title' | 'listen' | 'moments' | 'frame' | 'captions';
  readonly kicker: string;
  readonly headline: readonly [string, string];
  readonly sentences: readonly string[];
  /** Colours of the moving background, dark to light. */
  readonly colors: readonly [string, string, string];
}

export const demoScenes: readonly DemoScene[] = [
  {
    look: 'title',
    kicker: 'CARMIC',
    headline: ['One long video.', 'Many good clips.'],
    sentences: [
      'What if one long video could become a whole week of short clips?',
      'That is what Carmic does, right here, on your own machine.',
      'You drop in a talk, a podcast, or a lesson, and you get back clips that are ready to post.',
    ],
    colors: ['#140c3a', '#4a1d8f', '#c2417c'],
  },
  {
    look: 'listen',
    kicker: '1  LISTEN',
    headline: ['It hears', 'every sentence.'],
    sentences: [
      'First, Carmic listens.',
      'It marks where each sentence begins and ends, so no clip starts in the middle of a thought.',
      'And if you have a caption file, it uses your words instead of guessing.',
    ],
    colors: ['#04222f', '#0b6b73', '#36c5a2'],
  },
  {
    look: 'moments',
    kicker: '2  CHOOSE',
    headline: ['It finds the', 'best moments.'],
    sentences: [
      'Then it looks for the moments that matter.',
      'A question, a surprise, a number, a change in the voice: each one adds points.',
      'Here is the best part: you never have to trust a secret score, because every point has a reason you can read.',
    ],
    colors: ['#2b0b14', '#a3352c', '#f0973f'],
  },
  {
    look: 'frame',
    kicker: '3  FRAME',
    headline: ['It keeps you', 'in the picture.'],
    sentences: [
      'Next comes the picture.',
      'Nine out of ten people hold their phone upright, so the frame has to be tall, and you have to stay in it.',
      'Carmic follows the face, smoothly, the way a good camera operator would.',
    ],
    colors: ['#081637', '#1f4fb8', '#4fb3ff'],
  },
  {
    look: 'captions',
    kicker: '4  CAPTION',
    headline: ['Word by word,', 'on your machine.'],
    sentences: [
      'Finally, it writes the captions, word by word, in time with the voice.',
      'Your video never leaves this machine, unless you say so.',
      'Now it is your turn: drop in your own video, and see what is hiding inside.',
    ],
    colors: ['#1a0b33', '#6a2bd9', '#ff6fb1'],
  },
];
