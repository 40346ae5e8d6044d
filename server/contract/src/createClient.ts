import { buildClient, type Call, type ClientOptions } from './client.ts';
import { routes } from './routes.ts';

/** Makes the typed caller of every route. Replies are parsed; errors are thrown as ApiError. */
export function createClient(options: ClientOptions): Call {
  return buildClient((name) => routes[name], options);
}
