/** A real OpenID provider (npm oidc-provider, certified) on loopback. Its people sign in by being named: the login form is skipped. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export interface DirectoryPerson {
  sub: string;
  email: string;
  email_verified: boolean;
  name: string;
  groups: string[];
}

export interface OpenIdProvider {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Who signs in next. */
  person: DirectoryPerson;
  /** Challenges of PKCE that came with authorization requests. */
  challenges: (string | null)[];
  stop(): Promise<void>;
}

/** Starts the provider for one redirect URI. */
export async function startOpenIdProvider(redirectUri: string, person: DirectoryPerson): Promise<OpenIdProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const people = new Map<string, DirectoryPerson>();
  const result: OpenIdProvider = {
    issuer,
    clientId: 'carmic-test',
    clientSecret: 'a secret of the test',
    person,
    challenges: [],
    stop: () => close(server),
  };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: result.clientId,
        client_secret: result.clientSecret,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    cookies: { keys: ['key of the test'] },
    ttl: { Session: 60, Interaction: 60, Grant: 60, AccessToken: 60, IdToken: 60, AuthorizationCode: 60 },
    findAccount: (_context, id) => ({ accountId: id, claims: () => Promise.resolve({ ...people.get(id), sub: id }) }),
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const url = new URL(request.url ?? '/', issuer);
    if (url.pathname === '/auth') {
      result.challenges.push(url.searchParams.get('code_challenge'));
    }
    if (!url.pathname.startsWith('/interaction/')) {
      void answer(request, response);
      return;
    }
    void interact(provider, request, response, result, people).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  return result;
}

/** Signs the chosen person in and agrees to everything, as somebody at the form would. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  { person, clientId }: OpenIdProvider,
  people: Map<string, DirectoryPerson>,
): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  if (details.prompt.name === 'login') {
    people.set(person.sub, person);
    await provider.interactionFinished(request, response, { login: { accountId: person.sub } });
    return;
  }
  const grant = new provider.Grant({ accountId: details.session?.accountId ?? '', clientId });
  grant.addOIDCScope('openid email profile');
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** A browser as far as redirects and cookies go, for several hosts. */
export function createBrowser() {
  const jars = new Map<string, Map<string, string>>();
  const send = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...(init.headers as Record<string, string>), cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) {
        jar.delete(name);
      } else {
        jar.set(name, value);
      }
    }
    return response;
  };
  return {
    send,
    /** Follows redirects to the console; answers the last address. */
    async follow(url: string): Promise<string> {
      let next = url;
      for (let hop = 0; hop < 15; hop++) {
        const response = await send(next);
        const location = response.headers.get('location');
        if (location === null) {
          return `${next} (${response.status}: ${(await response.text()).slice(0, 200)})`;
        }
        next = new URL(location, next).href;
        if (next.includes('/#/')) {
          return next;
        }
      }
      throw new Error('Too many redirects.');
    },
  };
}
