import { z } from 'zod';
import { idSchema, timeSchema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';

export const mailLanguages = ['en', 'de'] as const;
export const mailLanguageSchema = z.enum(mailLanguages).describe('Language of mails');
export type MailLanguage = z.infer<typeof mailLanguageSchema>;

/**
 * Kinds of mail. What an account needs is always sent; notices are sent until somebody switches them off; marketing is sent to those only
 * who asked for it.
 */
export const mailCategories = {
  account: 'service',
  security: 'service',
  billing: 'service',
  deletion: 'service',
  privacy: 'service',
  storage: 'notice',
  invitation: 'notice',
  news: 'marketing',
  tips: 'marketing',
} as const;
export type MailCategory = keyof typeof mailCategories;
export type MailKind = (typeof mailCategories)[MailCategory];
export const mailCategorySchema = z.enum(Object.keys(mailCategories) as [MailCategory, ...MailCategory[]]);
export const marketingCategories = ['news', 'tips'] as const satisfies readonly MailCategory[];
export const changeableCategories = ['storage', 'invitation', ...marketingCategories] as const satisfies readonly MailCategory[];

const bothLanguages = (maximum: number) => z.object({ en: z.string().trim().max(maximum), de: z.string().trim().max(maximum) });

export const mailSettingsSchema = z.object({
  marketing: z
    .enum(['off', 'opt_in', 'registration'])
    .describe(
      '`off`: none is sent. `opt_in`: to those who tick a box. `registration`: who registers agrees, by the wording below, and can switch it off at once',
    ),
  isDoubleOptIn: z.boolean().describe('A consent counts once a link in a mail has been opened and confirmed'),
  registrationWording: bothLanguages(1000).describe('What the form says where registration is consent'),
});
export type MailSettings = z.infer<typeof mailSettingsSchema>;

/** What a form says about marketing. */
export const marketingOfferSchema = z.object({
  mode: mailSettingsSchema.shape.marketing,
  isDoubleOptIn: z.boolean(),
  wording: z.object({ en: z.string(), de: z.string() }).describe('Recorded, with its version, when somebody agrees'),
});

const choiceStateSchema = z.enum(['on', 'off', 'pending']).describe('`pending`: the link in the mail was not confirmed yet');
export const ownMailSchema = z.object({
  language: mailLanguageSchema,
  marketing: marketingOfferSchema,
  categories: z.array(
    z.object({
      category: mailCategorySchema,
      kind: z.enum(['service', 'notice', 'marketing']),
      state: choiceStateSchema,
      canChange: z.boolean().describe('False for what an account needs'),
    }),
  ),
  isBouncing: z.boolean().describe('Mails to this address came back'),
  log: z.array(
    z.object({
      category: mailCategorySchema,
      state: choiceStateSchema,
      source: z.string().describe('Where it was chosen: sign_up, registration, account, confirmation, one_click, complaint'),
      wordingId: z.string().nullable(),
      wording: z.string().nullable().describe('What was shown'),
      createdAt: timeSchema,
    }),
  ),
});
export type OwnMail = z.infer<typeof ownMailSchema>;

const templateSchema = z.object({
  name: z.string(),
  category: mailCategorySchema,
  kind: z.enum(['service', 'notice', 'marketing']),
  language: mailLanguageSchema,
  subject: z.string(),
  lines: z.array(z.string()),
  action: z.string().nullable().describe('What the button says'),
  text: z.string().describe('The part for programs that show plain text'),
  html: z.string(),
  headers: z.record(z.string(), z.string()),
});
export type MailTemplate = z.infer<typeof templateSchema>;

const announcementSchema = z.object({
  id: idSchema,
  category: z.enum(marketingCategories),
  subject: bothLanguages(150),
  text: bothLanguages(5000),
  recipients: z.number().int().describe('Mails made so far'),
  createdAt: timeSchema,
  finishedAt: timeSchema.nullable(),
});
export type Announcement = z.infer<typeof announcementSchema>;
const filled = (maximum: number) => z.object({ en: z.string().trim().min(1).max(maximum), de: z.string().trim().min(1).max(maximum) });

/** Mail that people get, and what they agreed to. */
export const consentRoutes = {
  getOwnMail: route({
    method: 'GET',
    path: '/api/v1/me/mail',
    summary: 'Which mails you get, and what you agreed to',
    policy: 'person',
    reply: ownMailSchema,
    status: 200,
  }),
  updateOwnMail: route({
    method: 'PATCH',
    path: '/api/v1/me/mail',
    summary: 'Switch a kind of mail on or off, or choose the language',
    policy: 'person',
    body: z.object({
      language: mailLanguageSchema.optional(),
      choices: z
        .array(z.object({ category: z.enum(changeableCategories), isOn: z.boolean() }))
        .max(10)
        .default([]),
    }),
    reply: ownMailSchema,
    status: 200,
  }),
  getMailSettings: route({
    method: 'GET',
    path: '/api/v1/mail-settings',
    summary: 'How consent to marketing mail is asked for',
    policy: 'admin',
    reply: mailSettingsSchema,
    status: 200,
    hasEtag: true,
  }),
  putMailSettings: route({
    method: 'PUT',
    path: '/api/v1/mail-settings',
    summary: 'Change how consent to marketing mail is asked for',
    policy: 'admin',
    body: mailSettingsSchema,
    reply: mailSettingsSchema,
    status: 200,
    hasEtag: true,
    demandsMatch: true,
  }),
  listMailTemplates: route({
    method: 'GET',
    path: '/api/v1/mail-templates',
    summary: 'Every mail this installation sends, in every language, with made-up values',
    policy: 'admin',
    reply: z.object({ items: z.array(templateSchema) }),
    status: 200,
  }),
  sendMailSample: route({
    method: 'POST',
    path: '/api/v1/mail-samples',
    summary: 'Send one of them to yourself',
    policy: 'admin',
    body: z.object({ template: z.string().max(50), language: mailLanguageSchema }),
    reply: z.object({ email: z.string() }),
    status: 202,
  }),
  listAnnouncements: route({
    method: 'GET',
    path: '/api/v1/announcements',
    summary: 'Marketing mails, newest first',
    policy: 'admin',
    reply: z.object({
      items: z.array(announcementSchema),
      audience: z.object({ news: z.number().int(), tips: z.number().int() }).describe('People who agreed, now'),
    }),
    status: 200,
  }),
  createAnnouncement: route({
    method: 'POST',
    path: '/api/v1/announcements',
    summary: 'Send a marketing mail to everybody who agreed to this kind',
    policy: 'admin',
    body: z.object({ category: z.enum(marketingCategories), subject: filled(150), text: filled(5000) }),
    reply: announcementSchema,
    status: 202,
  }),
  createMailReport: route({
    method: 'POST',
    path: '/api/v1/mail-reports',
    summary: 'Hand in a mail that came back (RFC 3464) or a complaint (RFC 5965), as it arrived',
    policy: 'admin',
    body: z.object({ message: z.string().min(1).max(900_000).describe('The whole message, headers first') }),
    reply: z.object({
      kind: z.enum(['bounce', 'delay', 'complaint', 'none']),
      addresses: z.number().int().describe('How many addresses it was about'),
    }),
    status: 201,
  }),
  findMailAddress: route({
    method: 'POST',
    path: '/api/v1/mail-address-checks',
    summary: 'Whether mails to an address came back or were complained about',
    policy: 'admin',
    body: z.object({ email: z.email().max(254), forget: z.boolean().default(false).describe('Begin anew: the cause was mended') }),
    reply: z.object({ bounces: z.number().int(), complaints: z.number().int(), isBlocked: z.boolean() }),
    status: 200,
  }),
} as const satisfies Record<string, RouteDefinition>;
