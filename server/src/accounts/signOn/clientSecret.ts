import { ClientSecretBasic, ClientSecretPost, None, type ClientAuth, type ServerMetadata } from 'openid-client';

/** How to prove ourselves at the token endpoint: as the provider likes it, `client_secret_basic` when it says nothing (Discovery 1.0, section 3). */
export function clientSecretFor(server: Readonly<ServerMetadata>, secret: string | null): ClientAuth {
  if (secret === null) {
    return None();
  }
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic') ? ClientSecretBasic(secret) : ClientSecretPost(secret);
}
