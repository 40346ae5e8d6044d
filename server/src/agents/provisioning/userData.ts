/**
 * What a new machine is told to do at its first start (cloud-init): run the agent's image with a code that is used once. Docker keeps it running, on a
 * read-only root without capabilities, as `compose.yaml` does.
 */
export function writeUserData(agent: {
  image: string;
  serverUrl: string;
  name: string;
  code: string;
  slots: number;
  drainSeconds: number;
}): string {
  const environment = [
    `CARMIC_SERVER_URL=${agent.serverUrl}`,
    `CARMIC_ENROLMENT_CODE=${agent.code}`,
    `CARMIC_AGENT_NAME=${agent.name}`,
    `CARMIC_AGENT_SLOTS=${agent.slots}`,
    `CARMIC_AGENT_DRAIN_SECONDS=${agent.drainSeconds}`,
  ];
  const command = [
    ...['docker', 'run', '--detach', '--name', 'carmic-agent', '--restart', 'unless-stopped', '--env-file', '/etc/carmic-agent.env'],
    ...['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true', '--volume', 'agent:/agent'],
    agent.image,
  ];
  const config = {
    write_files: [{ path: '/etc/carmic-agent.env', permissions: '0600', content: `${environment.join('\n')}\n` }],
    runcmd: [command],
  };
  // JSON is YAML, and nothing in it can be taken for more than a text.
  return `#cloud-config\n${JSON.stringify(config)}\n`;
}
