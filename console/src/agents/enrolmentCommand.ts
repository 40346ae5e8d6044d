/** The line that starts an agent on another machine and enrols it with a one-time code. */
export function enrolmentCommand(serverUrl: string, code: string): string {
  return `CARMIC_SERVER_URL=${serverUrl} CARMIC_ENROLMENT_CODE=${code} npm run start -w @carmic/gpu-agent`;
}
