import type { Deps } from '../../deps.ts';
import { presentList, scimSchemas } from './scim.ts';

const schemaOfTypes = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';
const schemaOfSchemas = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

/** What of SCIM is spoken here (RFC 7643, section 5). */
export function describeFeatures(deps: Deps): Record<string, unknown> {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    documentationUri: `${deps.baseUrl()}/docs`,
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: 500 },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: false },
    authenticationSchemes: [{ type: 'oauthbearertoken', name: 'Bearer token', description: 'Made on the page Sign-on', primary: true }],
    meta: { resourceType: 'ServiceProviderConfig', location: `${deps.baseUrl()}/scim/v2/ServiceProviderConfig` },
  };
}

/** The kinds of resource (RFC 7643, section 6). */
export function describeTypes(deps: Deps): Record<string, unknown> {
  const types = [
    { id: 'User', name: 'User', endpoint: '/Users', schema: scimSchemas.user },
    { id: 'Group', name: 'Group', endpoint: '/Groups', schema: scimSchemas.group },
  ].map((type) => ({
    schemas: [schemaOfTypes],
    ...type,
    meta: { resourceType: 'ResourceType', location: `${deps.baseUrl()}/scim/v2/ResourceTypes/${type.id}` },
  }));
  return presentList(types, types.length, 0);
}

const attribute = (name: string, type: string, extra: Record<string, unknown> = {}) => ({
  name,
  type,
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...extra,
});
const people = [
  attribute('userName', 'string', { required: true, uniqueness: 'server' }),
  attribute('externalId', 'string', { caseExact: true }),
  attribute('displayName', 'string'),
  attribute('name', 'complex', { subAttributes: [attribute('formatted', 'string')] }),
  attribute('emails', 'complex', { multiValued: true, subAttributes: [attribute('value', 'string'), attribute('primary', 'boolean')] }),
  attribute('active', 'boolean'),
  attribute('groups', 'complex', { multiValued: true, mutability: 'readOnly', subAttributes: [attribute('value', 'string')] }),
];
const groups = [
  attribute('displayName', 'string', { required: true, uniqueness: 'server' }),
  attribute('externalId', 'string', { caseExact: true }),
  attribute('members', 'complex', { multiValued: true, subAttributes: [attribute('value', 'string', { mutability: 'immutable' })] }),
];

/** The attributes that are kept (RFC 7643, section 7). */
export function describeSchemas(): Record<string, unknown> {
  const list = [
    { schemas: [schemaOfSchemas], id: scimSchemas.user, name: 'User', attributes: people },
    { schemas: [schemaOfSchemas], id: scimSchemas.group, name: 'Group', attributes: groups },
  ];
  return presentList(list, list.length, 0);
}
