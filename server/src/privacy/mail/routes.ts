import { type Handlers, personOf } from '../../http/request.ts';
import { mailSettingsVersion, readMailSettings, writeMailSettings } from '../../mail/mailSettings.ts';
import { createAnnouncement, listAnnouncements } from './announcements.ts';
import { listTemplates, sendSample } from './mailTemplates.ts';
import { presentOwnMail, updateOwnMail } from './ownMail.ts';
import { findAddress, takeReport } from './takeReport.ts';

/** Mail that people get, and what they agreed to. */
export const consentHandlers = {
  async getOwnMail(request) {
    const { userId } = personOf(request);
    return request.deps.db.asSystem((tx) => presentOwnMail(request.deps, tx, userId));
  },
  updateOwnMail: (request) => updateOwnMail(request.deps, personOf(request).userId, request.body),
  async getMailSettings({ deps, setEtag }) {
    const settings = await deps.db.asSystem((tx) => readMailSettings(deps, tx));
    setEtag(mailSettingsVersion(settings));
    return settings;
  },
  async putMailSettings(request) {
    await writeMailSettings(request.deps, personOf(request).userId, request.body, request.checkMatch);
    request.setEtag(mailSettingsVersion(request.body));
    return request.body;
  },
  listMailTemplates: ({ deps }) => Promise.resolve({ items: listTemplates(deps) }),
  sendMailSample: (request) => sendSample(request.deps, personOf(request).userId, request.body.template, request.body.language),
  listAnnouncements: ({ deps }) => deps.db.asSystem((tx) => listAnnouncements(deps, tx)),
  createAnnouncement: (request) => createAnnouncement(request.deps, personOf(request).userId, request.body),
  createMailReport: (request) => takeReport(request.deps, personOf(request).userId, request.body.message),
  findMailAddress: ({ deps, body }) => findAddress(deps, body.email, body.forget),
} satisfies Partial<Handlers>;
