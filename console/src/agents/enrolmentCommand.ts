/** The ways in which an agent is started on another machine. */
export const enrolmentWays = ['docker', 'systemd', 'helm', 'source'] as const;
export type EnrolmentWay = (typeof enrolmentWays)[number];

interface Enrolment {
  serverUrl: string;
  code: string;
  /** This release: the agent's image has the same. */
  version: string;
}

/** The lines that start an agent and enrol it with a one-time code; the address and the code stand in them. */
export function enrolmentCommand(way: EnrolmentWay, { code, serverUrl, version }: Enrolment): string {
  switch (way) {
    case 'docker':
      return [
        'docker run -d --name carmic-agent --restart unless-stopped --stop-timeout 60',
        '  --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges',
        '  -v carmic-agent:/agent',
        `  -e CARMIC_SERVER_URL=${serverUrl}`,
        `  -e CARMIC_ENROLMENT_CODE=${code}`,
        `  carmic/gpu-agent:${version}`,
      ].join(' \\\n');
    case 'systemd':
      return [
        'tar -xzf carmic-agent-*.tar.gz -C /opt',
        'install -D -m 600 /dev/stdin /etc/carmic/agent.env <<END',
        `CARMIC_SERVER_URL=${serverUrl}`,
        `CARMIC_ENROLMENT_CODE=${code}`,
        'END',
        'install -m 644 /opt/carmic-agent/carmic-agent.service /etc/systemd/system/',
        'systemctl daemon-reload && systemctl enable --now carmic-agent',
      ].join('\n');
    case 'helm':
      return [
        `kubectl -n carmic create secret generic carmic-agents --from-literal=code=${code} --dry-run=client -o yaml | kubectl apply -f -`,
        `helm upgrade carmic charts/carmic --namespace carmic --reuse-values --set agents.serverUrl=${serverUrl}`,
      ].join('\n');
    case 'source':
      return `npm install && CARMIC_SERVER_URL=${serverUrl} CARMIC_ENROLMENT_CODE=${code} CARMIC_AGENT_DIR="$HOME/.carmic-agent" npx tsx gpu-agent/src/main.ts`;
  }
}

/** Whether an address names only the machine it is used on. */
export function isLoopback(hostName: string): boolean {
  return hostName === 'localhost' || hostName === '[::1]' || /^127\./.test(hostName);
}
