/** What checks by the contract. It takes time to load and to set up, which the library's first picture does not wait for. */
export { coreRoutes, describeFault, eventSchema, progressSchema } from '@carmic/contract';
