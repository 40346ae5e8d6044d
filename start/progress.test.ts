import { describe, expect, test } from 'vitest';
import { bar, createProgress } from './progress.ts';

function record(isTTY: boolean) {
  let text = '';
  let now = 0;
  const output = { isTTY, columns: 60, write: (part: string) => (text += part) };
  return { progress: createProgress(output, () => now), text: () => text, wait: (ms: number) => (now += ms) };
}

describe('progress', () => {
  test('without a terminal each step writes plain lines, and few of them', () => {
    const { progress, text, wait } = record(false);
    const step = progress.step('Upload', 'talk.mp4');
    for (let percent = 0; percent <= 100; percent++) {
      wait(10);
      step.update('talk.mp4', percent / 100);
    }
    step.done('talk.mp4');
    expect(text()).toBe(
      'Upload: talk.mp4 …\nUpload: 25 % talk.mp4\nUpload: 50 % talk.mp4\nUpload: 75 % talk.mp4\nUpload: 100 % talk.mp4\nUpload: talk.mp4 (1.0 s)\n',
    );
  });

  test('on a terminal a finished step stays and a running one is redrawn below it', () => {
    const { progress, text, wait } = record(true);
    const first = progress.step('One', 'working');
    const second = progress.step('Two', 'working');
    second.update('half', 0.5);
    wait(2000);
    first.done('ready');
    const last = text().split('\u001b[0J').at(-1) ?? '';
    expect(last).toContain('✓');
    expect(last.indexOf('One')).toBeLessThan(last.indexOf('Two'));
    expect(last).toContain('50 %');
    progress.close();
  });

  test('a name cannot drive the terminal', () => {
    const { progress, text } = record(true);
    progress.step('One', 'a\u001b[2Jb').done('a\u001b[2Jb');
    expect(text()).not.toContain('\u001b[2J');
    progress.close();
  });

  test('a bar is filled to its share and never beyond its ends', () => {
    expect([bar(0, 4), bar(0.5, 4), bar(2, 4), bar(-1, 4)]).toEqual(['░░░░', '██░░', '████', '░░░░']);
  });
});
