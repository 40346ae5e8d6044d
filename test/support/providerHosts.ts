/** Host names under which providersProcess.ts has its stand-ins; whoever runs it makes them lead to this machine. */
export const providerHosts = {
  deepgram: 'deepgram.carmic.test',
  model: 'model.carmic.test',
  moderation: 'moderation.carmic.test',
} as const;
