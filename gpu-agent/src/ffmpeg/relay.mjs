// @ts-check
/**
 * Runs inside the sandbox, where there is no network: listens on loopback, hands every connection to the socket file of the
 * agent's source server, and starts the program. Plain JavaScript, because it starts with every process and must start fast.
 *
 * Usage: node relay.mjs PORT SOCKET COMMAND [ARGUMENTS]
 */
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';

const [port, socketPath, command, ...args] = process.argv.slice(2);
const server = createServer((inside) => {
  const outside = connect(String(socketPath));
  inside.pipe(outside).pipe(inside);
  // Either side closing is how a seek looks; it ends the other side and nothing else.
  inside.on('error', () => outside.destroy()).on('close', () => outside.destroy());
  outside.on('error', () => inside.destroy()).on('close', () => inside.destroy());
});
server.listen(Number(port), '127.0.0.1', () => {
  const child = spawn(String(command), args, { stdio: [0, 1, 2, 3] });
  child.once('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(126);
  });
  child.once('exit', (code, signal) => process.exit(signal === 'SIGXFSZ' ? 128 + 25 : signal === 'SIGKILL' ? 128 + 9 : (code ?? 125)));
});
