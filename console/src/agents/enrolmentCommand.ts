/** The line that starts an agent in a copy of this project on another machine, and enrols it with a one-time code. */
export function enrolmentCommand(serverUrl: string, code: string): string {
  const settings = [`CARMIC_SERVER_URL=${serverUrl}`, `CARMIC_ENROLMENT_CODE=${code}`, 'CARMIC_AGENT_DIR="$HOME/.carmic-agent"'];
  return `npm install && ${settings.join(' ')} npx tsx gpu-agent/src/main.ts`;
}

/** Whether an address names only the machine it is used on. */
export function isLoopback(hostName: string): boolean {
  return hostName === 'localhost' || hostName === '[::1]' || /^127\./.test(hostName);
}
