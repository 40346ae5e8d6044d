/** Ways in that no network address has. */
import { clearAddressLists } from '../accounts/settings.ts';
import { createRecoveryLink, createSignInLink } from '../accounts/signIn.ts';
import { createAdministrator, dropSecondFactorsOf, endSessionsByOperator } from '../accounts/users.ts';
import { makeEnrolmentCode } from '../agents/enrolmentCommand.ts';
import { StartError } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import { type CommandCall, type OperatorCommand, textOption } from './command.ts';
import { withDeps } from './withDeps.ts';

function requireEmail(call: CommandCall): string {
  const email = textOption(call, 'email');
  if (email === undefined || !/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new StartError('Name the account with --email, for example --email jo@example.com.');
  }
  return email;
}

const signInLink = ({ baseUrl }: Deps, token: string) => `${baseUrl()}/#/sign-in?token=${token}`;

export const createAdmin: OperatorCommand = {
  help: ['--email ADDRESS  of the new account', '--name NAME      shown in the console (default: Administrator)'],
  options: { email: { type: 'string' }, name: { type: 'string' } },
  async run(call) {
    const email = requireEmail(call);
    const name = textOption(call, 'name') ?? 'Administrator';
    const link = await withDeps(call, (deps) => createAdministrator(deps, { email, name }));
    return { lines: ['The account is made. This link sets its password, and works once, for seven days:', link], data: { link } };
  },
};

export const resetSecondFactor: OperatorCommand = {
  help: ['--email ADDRESS  of the account'],
  options: { email: { type: 'string' } },
  async run(call) {
    const email = requireEmail(call);
    await withDeps(call, (deps) => dropSecondFactorsOf(deps, email));
    return { lines: ['Its second factors are gone and its sessions ended: the password alone signs in now.'], data: { isDone: true } };
  },
};

export const endSessionsCommand: OperatorCommand = {
  help: ['--email ADDRESS  of the account; without it everybody is signed out'],
  options: { email: { type: 'string' } },
  async run(call) {
    const email = call.values['email'] === undefined ? null : requireEmail(call);
    const count = await withDeps(call, (deps) => endSessionsByOperator(deps, email));
    return { lines: [`Sessions ended: ${count}.`], data: { count } };
  },
};

export const administratorLink: OperatorCommand = {
  help: [],
  options: {},
  async run(call) {
    const link = await withDeps(call, async (deps) => signInLink(deps, await createRecoveryLink(deps)));
    return { lines: [link], data: { link } };
  },
};

export const firstLink: OperatorCommand = {
  help: [],
  options: {},
  async run(call) {
    const link = await withDeps(call, async (deps) => {
      const token = await createSignInLink(deps);
      return token === null ? null : signInLink(deps, token);
    });
    const line = link ?? 'The administrator has a password already: sign in with it, or make a link with administrator-link.';
    return { lines: [line], data: { link } };
  },
};

export const enrolmentCode: OperatorCommand = {
  help: ['--agents N  how many agents may use it (default: 1)', '--days N    how long it can be used (default: 1)'],
  options: { agents: { type: 'string' }, days: { type: 'string' } },
  async run(call) {
    const code = await withDeps(call, (deps) =>
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
  help: [],
  options: {},
  async run(call) {
    await withDeps(call, (deps) => clearAddressLists(deps));
    return {
      lines: ['The lists of allowed addresses are empty now: everybody may reach the sign-in again.'],
      data: { isDone: true },
    };
  },
};
