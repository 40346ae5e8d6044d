/** Asks the process in this container whether it lives: exit code 0 or 1, and the reason in words. */
const port = process.env.CARMIC_OPERATIONS_PORT ?? '9090';
try {
  const reply = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(4000) });
  process.stdout.write(`${reply.status} ${await reply.text()}\n`);
  process.exitCode = reply.ok ? 0 : 1;
} catch (error) {
  process.stdout.write(`no answer: ${error.cause?.message ?? error.message}\n`);
  process.exitCode = 1;
}
