/** Every mail that this installation can send, in every language. */
import { accountTemplates } from './accountTemplates.ts';
import { billingTemplates } from './billingTemplates.ts';
import { contentTemplates } from './contentTemplates.ts';
import { privacyTemplates } from './privacyTemplates.ts';
import { requestTemplates } from './requestTemplates.ts';
import type { MailTemplateDefinition, TemplateName } from './mailText.ts';

export const templates: { readonly [N in TemplateName]: MailTemplateDefinition<N> } = {
  ...accountTemplates,
  ...billingTemplates,
  ...contentTemplates,
  ...privacyTemplates,
  ...requestTemplates,
};
export const templateNames = Object.keys(templates) as TemplateName[];
