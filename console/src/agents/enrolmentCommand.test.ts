import { describe, expect, it } from 'vitest';
import { enrolmentCommand, isLoopback } from './enrolmentCommand.ts';

describe('the command that enrols an agent', () => {
  it('carries the address, the code and a folder of its own', () => {
    expect(enrolmentCommand('https://carmic.example.org', 'abc')).toBe(
      'npm install && CARMIC_SERVER_URL=https://carmic.example.org CARMIC_ENROLMENT_CODE=abc CARMIC_AGENT_DIR="$HOME/.carmic-agent" npx tsx gpu-agent/src/main.ts',
    );
  });

  it('is only good here when the console was opened by a loopback address', () => {
    expect(['localhost', '127.0.0.1', '[::1]'].every(isLoopback)).toBe(true);
    expect(['10.0.0.4', 'carmic.example.org', '127-0-0-1.example.org'].some(isLoopback)).toBe(false);
  });
});
