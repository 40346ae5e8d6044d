import { describe, expect, it } from 'vitest';
import { enrolmentCommand, enrolmentWays, isLoopback } from './enrolmentCommand.ts';

const enrolment = { serverUrl: 'https://carmic.example.org', code: 'abc', version: '1.2.3' };

describe('the commands that enrol an agent', () => {
  it('carry the address and the code, whichever way', () => {
    for (const way of enrolmentWays) {
      expect(enrolmentCommand(way, enrolment), way).toMatch(/=https:\/\/carmic\.example\.org\b/);
      expect(enrolmentCommand(way, enrolment), way).toMatch(/(CARMIC_ENROLMENT_CODE|--from-literal=code)=abc\b/);
    }
  });

  it('are one command for Docker, of the release that the server has', () => {
    const lines = enrolmentCommand('docker', enrolment).split('\n');
    expect(lines.slice(0, -1).every((line) => line.endsWith(' \\'))).toBe(true);
    expect(lines.at(-1)).toBe('  carmic/gpu-agent:1.2.3');
  });

  it('start an agent from a copy of the project', () => {
    expect(enrolmentCommand('source', enrolment)).toBe(
      'npm install && CARMIC_SERVER_URL=https://carmic.example.org CARMIC_ENROLMENT_CODE=abc CARMIC_AGENT_DIR="$HOME/.carmic-agent" npx tsx gpu-agent/src/main.ts',
    );
  });

  it('are only good here when the console was opened by a loopback address', () => {
    expect(['localhost', '127.0.0.1', '[::1]'].every(isLoopback)).toBe(true);
    expect(['10.0.0.4', 'carmic.example.org', '127-0-0-1.example.org'].some(isLoopback)).toBe(false);
  });
});
