/** The whole API, which is loaded when something else than the library is asked for. */
export { routes } from '@carmic/contract';
