import type { Handlers } from '../../http/request.ts';
import { personOf } from '../../http/request.ts';
import { requireFresh } from '../reauthenticate.ts';
import { enter } from '../enter.ts';
import { beginSignOn, completeSignOn, takeBack } from './flow.ts';
import { checkProvider } from './openId.ts';
import {
  createProvider,
  deleteProvider,
  findProviders,
  loadProvider,
  presentProvider,
  putProvider,
  setDirectoryToken,
} from './providers.ts';

/** Sign-on by identity providers, and their set-up. */
export const signOnHandlers = {
  async listSignOnOptions({ deps }) {
    const providers = await deps.db.asSystem((tx) => findProviders(deps, tx));
    return { items: providers.filter(({ isEnabled }) => isEnabled).map(({ id, name }) => ({ id, name })) };
  },
  async startSignOn(request) {
    const again = request.query.again === 'true';
    const { url, token } = await beginSignOn(request.deps, request.params.id, { purpose: 'sign_in', again });
    request.setStep(token);
    request.redirect(url);
    return undefined;
  },
  async startSignOnTrial(request) {
    const { url, token } = await beginSignOn(request.deps, request.params.id, { purpose: 'trial', again: false });
    request.setStep(token);
    request.redirect(url);
    return undefined;
  },
  async finishSignOn(request) {
    const { path, token } = await takeBack(request.deps, request.step, request.query);
    request.setStep(token);
    request.redirect(path);
    return undefined;
  },
  async completeSignOn(request) {
    const { step: token } = request;
    request.setStep(null);
    const { session, step } = await completeSignOn(request.deps, token, request.browser);
    return session === null
      ? { me: null, expiresAt: null, secondFactor: step }
      : { ...(await enter(request, session)), secondFactor: null };
  },
  async listIdentityProviders({ deps }) {
    const providers = await deps.db.asSystem((tx) => findProviders(deps, tx));
    return { items: providers.map((provider) => presentProvider(deps, provider)) };
  },
  async getIdentityProvider({ deps, params, setEtag }) {
    const provider = await deps.db.asSystem((tx) => loadProvider(deps, tx, params.id));
    setEtag(provider.version);
    return presentProvider(deps, provider);
  },
  createIdentityProvider: async (request) =>
    presentProvider(request.deps, await createProvider(request.deps, personOf(request), request.body)),
  async putIdentityProvider(request) {
    const { deps, params, body } = request;
    const provider = await putProvider(deps, personOf(request), params.id, body, request.checkMatch);
    request.setEtag(provider.version);
    return presentProvider(deps, provider);
  },
  async deleteIdentityProvider(request) {
    await deleteProvider(request.deps, personOf(request), request.params.id);
    return undefined;
  },
  async checkIdentityProvider({ deps, params }) {
    const provider = await deps.db.asSystem((tx) => loadProvider(deps, tx, params.id));
    return { items: await checkProvider(deps, provider) };
  },
  async createDirectoryToken(request) {
    requireFresh(request.deps, personOf(request));
    const token = await setDirectoryToken(request.deps, personOf(request), request.params.id, true);
    return { token: token ?? '' };
  },
  async deleteDirectoryToken(request) {
    await setDirectoryToken(request.deps, personOf(request), request.params.id, false);
    return undefined;
  },
} satisfies Partial<Handlers>;
