/** Ways in that no network address has. */
import { clearAddressLists } from '../accounts/settings.ts';
import { createRecoveryLink } from '../accounts/signIn.ts';
import { createAdministrator, dropSecondFactorsOf, endSessionsByOperator } from '../accounts/users.ts';
import { makeEnrolmentCode } from '../agents/enrolmentCommand.ts';
import { StartError } from '../core/errors.ts';
import { type CommandCall, type OperatorCommand, textOption } from './command.ts';
import { withServer } from './installation.ts';

function requireEmail(call: CommandCall): string {
  const email = textOption(call, 'email');
  if (email === undefined || !/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new StartError('Name the account with --email, for example --email jo@example.com.');
  }
  return email;
}

export const createAdmin: OperatorCommand = {
  summary: 'makes an administrator and prints the link that sets their password',
  help: ['--email ADDRESS  of the new account', '--name NAME      shown in the console (default: Administrator)'],
  options: { email: { type: 'string' }, name: { type: 'string' } },
  async run(call) {
    const email = requireEmail(call);
    const name = textOption(call, 'name') ?? 'Administrator';
    const link = await withServer(call, ({ deps }) => createAdministrator(deps, { email, name }));
    return { lines: ['The account is made. This link sets its password, and works once, for seven days:', link], data: { link } };
  },
};

export const resetSecondFactor: OperatorCommand = {
  summary: 'removes the second factors of an account that lost them, and ends its sessions',
  help: ['--email ADDRESS  of the account'],
  options: { email: { type: 'string' } },
  async run(call) {
    const email = requireEmail(call);
    await withServer(call, ({ deps }) => dropSecondFactorsOf(deps, email));
    return { lines: ['Its second factors are gone and its sessions ended: the password alone signs in now.'], data: { isDone: true } };
  },
};

export const endSessionsCommand: OperatorCommand = {
  summary: 'signs everybody out, or one account, at once',
  help: ['--email ADDRESS  of the account; without it everybody is signed out'],
  options: { email: { type: 'string' } },
  async run(call) {
    const email = call.values['email'] === undefined ? null : requireEmail(call);
    const count = await withServer(call, ({ deps }) => endSessionsByOperator(deps, email));
    return { lines: [`Sessions ended: ${count}.`], data: { count } };
  },
};

export const administratorLink: OperatorCommand = {
  summary: 'prints a link with which the first administrator comes in again (15 minutes, once)',
  help: [],
  options: {},
  async run(call) {
    const link = await withServer(call, async ({ baseUrl, deps }) => `${baseUrl}/#/sign-in?token=${await createRecoveryLink(deps)}`);
    return { lines: [link], data: { link } };
  },
};

export const firstLink: OperatorCommand = {
  summary: 'prints the first administrator’s link, as long as they have no password',
  help: [],
  options: {},
  async run(call) {
    const link = await withServer(call, (server) => server.signInLink());
    const line = link ?? 'The administrator has a password already: sign in with it, or make a link with administrator-link.';
    return { lines: [line], data: { link } };
  },
};

export const enrolmentCode: OperatorCommand = {
  summary: 'prints a code with which agents can enrol',
  help: ['--agents N  how many agents may use it (default: 1)', '--days N    how long it can be used (default: 1)'],
  options: { agents: { type: 'string' }, days: { type: 'string' } },
  async run(call) {
    const code = await withServer(call, ({ deps }) =>
      makeEnrolmentCode(
        deps,
        ['agents', 'days'].flatMap((name) => {
          const value = textOption(call, name);
          return value === undefined ? [] : [`--${name}`, value];
        }),
      ),
    );
    return { lines: [code], data: { code } };
  },
};

export const clearAddresses: OperatorCommand = {
  summary: 'empties the lists of addresses that may sign in',
  help: [],
  options: {},
  async run(call) {
    await withServer(call, ({ deps }) => clearAddressLists(deps));
    return {
      lines: ['The lists of allowed addresses are empty now: everybody may reach the sign-in again.'],
      data: { isDone: true },
    };
  },
};
