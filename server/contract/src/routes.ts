import { z } from 'zod';
import { instanceSchema, meSchema, oneTimeSignInBodySchema, sessionReplySchema, signInBodySchema, updateMeBodySchema } from './accounts.ts';
import { agentRoutes } from './agentRoutes.ts';
import { brandRoutes } from './brand.ts';
import { idParamsSchema, noContentSchema, pageOf } from './common.ts';
import { chooseClipEditBodySchema, clipEditSchema, createClipEditBodySchema } from './edits.ts';
import { dataMapRoutes } from './dataMap.ts';
import { directoryRoutes } from './directory.ts';
import { engineReportRoutes } from './engineReport.ts';
import { erasureRoutes } from './erasures.ts';
import { auditRoutes } from './audit.ts';
import { billingRoutes } from './billing.ts';
import { departmentRoutes } from './departments.ts';
import { labelsReplySchema, updateVideoBodySchema, videoQuerySchema } from './labels.ts';
import { importRoutes } from './imports.ts';
import { framingRoutes } from './framing.ts';
import { identityRoutes, peopleRoutes, signInReplySchema } from './identity.ts';
import { personalDataRoutes } from './personalData.ts';
import { planRoutes } from './plans.ts';
import { privacyRequestRoutes } from './privacyRequests.ts';
import { retentionRoutes } from './retention.ts';
import { route, type RouteDefinition } from './route.ts';
import { signOnRoutes } from './signOn.ts';
import { speechRoutes, transcriptSchema } from './speech.ts';
import { overviewRoutes } from './overview.ts';
import { setupRoutes } from './setup.ts';
import { systemRoutes } from './system.ts';
import { storageRoutes } from './storage.ts';
import { bundleRoutes } from './bundles.ts';
import { streamRoutes } from './streams.ts';
import {
  captionsReplySchema,
  clipSchema,
  completeUploadBodySchema,
  createRenditionBodySchema,
  createVideoBodySchema,
  createVideoReplySchema,
  partUrlsBodySchema,
  partUrlsReplySchema,
  putCaptionsBodySchema,
  renditionSchema,
  updateClipBodySchema,
  uploadSchema,
  videoSchema,
  waveformSchema,
} from './videos.ts';
import { trustRoutes } from './trust.ts';
import { webhookRoutes } from './webhooks.ts';
import { workspaceRoutes } from './workspaces.ts';
import { momentRoutes } from './moments.ts';
import { safetyRoutes } from './safety.ts';
import { sharingRoutes } from './sharing.ts';

/** The whole API. Paths use `:name` for parameters. */
export const routes = {
  getInstance: route({
    method: 'GET',
    path: '/api/v1/instance',
    summary: 'This installation and its limits',
    policy: 'public',
    reply: instanceSchema,
    status: 200,
  }),

  createSession: route({
    method: 'POST',
    path: '/api/v1/sessions',
    summary: 'Sign in with email and password',
    policy: 'public',
    body: signInBodySchema,
    reply: signInReplySchema,
    status: 201,
  }),
  createOneTimeSession: route({
    method: 'POST',
    path: '/api/v1/one-time-sessions',
    summary: 'Sign in with a printed one-time link',
    policy: 'public',
    body: oneTimeSignInBodySchema,
    reply: sessionReplySchema,
    status: 201,
  }),
  deleteSession: route({
    method: 'DELETE',
    path: '/api/v1/sessions/current',
    summary: 'Sign out',
    policy: 'person',
    reply: noContentSchema,
    status: 204,
  }),
  getMe: route({
    method: 'GET',
    path: '/api/v1/me',
    summary: 'The signed-in person',
    policy: 'person',
    reply: meSchema,
    status: 200,
    isForKeys: true,
  }),
  updateMe: route({
    method: 'PATCH',
    path: '/api/v1/me',
    summary: 'Change name, email or password',
    policy: 'person',
    body: updateMeBodySchema,
    reply: meSchema,
    status: 200,
  }),

  createVideo: route({
    method: 'POST',
    path: '/api/v1/videos',
    summary: 'Announce a video and open its upload',
    policy: 'editor',
    body: createVideoBodySchema,
    reply: createVideoReplySchema,
    status: 201,
  }),
  listVideos: route({
    method: 'GET',
    path: '/api/v1/videos',
    summary: 'Videos, newest first',
    policy: 'viewer',
    query: videoQuerySchema,
    reply: pageOf(videoSchema),
    status: 200,
  }),
  getVideo: route({
    method: 'GET',
    path: '/api/v1/videos/:id',
    summary: 'One video with its stages',
    policy: 'viewer',
    params: idParamsSchema,
    reply: videoSchema,
    status: 200,
  }),
  updateVideo: route({
    method: 'PATCH',
    path: '/api/v1/videos/:id',
    summary: 'Put a video into a folder, add and remove tags',
    policy: 'editor',
    params: idParamsSchema,
    body: updateVideoBodySchema,
    reply: videoSchema,
    status: 200,
  }),
  listVideoLabels: route({
    method: 'GET',
    path: '/api/v1/video-labels',
    summary: 'Folders and tags of the workspace’s videos',
    policy: 'viewer',
    reply: labelsReplySchema,
    status: 200,
  }),
  deleteVideo: route({
    method: 'DELETE',
    path: '/api/v1/videos/:id',
    summary: 'Delete a video and everything made from it',
    policy: 'editor',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  retryVideo: route({
    method: 'POST',
    path: '/api/v1/videos/:id/retries',
    summary: 'Try the failed stage again',
    policy: 'editor',
    params: idParamsSchema,
    reply: videoSchema,
    status: 201,
  }),
  putCaptions: route({
    method: 'PUT',
    path: '/api/v1/videos/:id/captions',
    summary: 'Supply the words as a caption or transcript file, before clips are made',
    policy: 'editor',
    params: idParamsSchema,
    body: putCaptionsBodySchema,
    reply: captionsReplySchema,
    status: 200,
    bodyLimitBytes: 15 * 1024 * 1024,
  }),
  getTranscript: route({
    method: 'GET',
    path: '/api/v1/videos/:id/transcript',
    summary: 'The words with their times',
    policy: 'viewer',
    params: idParamsSchema,
    reply: transcriptSchema,
    status: 200,
    hasEtag: true,
  }),
  getWaveform: route({
    method: 'GET',
    path: '/api/v1/videos/:id/waveform',
    summary: 'Peaks and cuts for drawing the time line',
    policy: 'viewer',
    params: idParamsSchema,
    reply: waveformSchema,
    status: 200,
  }),
  listClips: route({
    method: 'GET',
    path: '/api/v1/videos/:id/clips',
    summary: 'Clips of a video, best first',
    policy: 'viewer',
    params: idParamsSchema,
    reply: z.object({ items: z.array(clipSchema) }),
    status: 200,
  }),

  getUpload: route({
    method: 'GET',
    path: '/api/v1/uploads/:id',
    summary: 'An upload and the parts already stored',
    policy: 'editor',
    params: idParamsSchema,
    reply: uploadSchema,
    status: 200,
  }),
  createPartUrls: route({
    method: 'POST',
    path: '/api/v1/uploads/:id/part-urls',
    summary: 'Short-lived URLs to PUT parts to',
    policy: 'editor',
    params: idParamsSchema,
    body: partUrlsBodySchema,
    reply: partUrlsReplySchema,
    status: 201,
  }),
  completeUpload: route({
    method: 'PUT',
    path: '/api/v1/uploads/:id/completion',
    summary: 'All parts are stored: check them and start',
    policy: 'editor',
    params: idParamsSchema,
    body: completeUploadBodySchema,
    reply: videoSchema,
    status: 200,
    bodyLimitBytes: 2 * 1024 * 1024,
  }),
  abortUpload: route({
    method: 'DELETE',
    path: '/api/v1/uploads/:id',
    summary: 'Give an upload up and remove its parts',
    policy: 'editor',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),

  getClip: route({
    method: 'GET',
    path: '/api/v1/clips/:id',
    summary: 'One clip',
    policy: 'viewer',
    params: idParamsSchema,
    reply: clipSchema,
    status: 200,
    hasEtag: true,
  }),
  updateClip: route({
    method: 'PATCH',
    path: '/api/v1/clips/:id',
    summary: 'Keep, discard, rename or tag a clip, or choose its cover',
    policy: 'editor',
    params: idParamsSchema,
    body: updateClipBodySchema,
    reply: clipSchema,
    status: 200,
    hasEtag: true,
  }),
  listClipEdits: route({
    method: 'GET',
    path: '/api/v1/clips/:id/edits',
    summary: 'Versions of a clip’s edit list, newest first',
    policy: 'viewer',
    params: idParamsSchema,
    reply: z.object({ items: z.array(clipEditSchema) }),
    status: 200,
  }),
  createClipEdit: route({
    method: 'POST',
    path: '/api/v1/clips/:id/edits',
    summary: 'Take pauses and filler words out of a clip, or set its spans',
    policy: 'editor',
    params: idParamsSchema,
    body: createClipEditBodySchema,
    reply: clipSchema,
    status: 201,
  }),
  chooseClipEdit: route({
    method: 'PUT',
    path: '/api/v1/clips/:id/edit',
    summary: 'Go back to another version of a clip’s edit list',
    policy: 'editor',
    params: idParamsSchema,
    body: chooseClipEditBodySchema,
    reply: clipSchema,
    status: 200,
    hasEtag: true,
  }),
  createRendition: route({
    method: 'POST',
    path: '/api/v1/clips/:id/renditions',
    summary: 'Render a clip in another aspect or style',
    policy: 'editor',
    params: idParamsSchema,
    body: createRenditionBodySchema,
    reply: renditionSchema,
    status: 201,
  }),
  getRendition: route({
    method: 'GET',
    path: '/api/v1/renditions/:id',
    summary: 'One rendition',
    policy: 'viewer',
    params: idParamsSchema,
    reply: renditionSchema,
    status: 200,
  }),
  retryRendition: route({
    method: 'POST',
    path: '/api/v1/renditions/:id/retries',
    summary: 'Render a failed rendition again',
    policy: 'editor',
    params: idParamsSchema,
    reply: renditionSchema,
    status: 201,
  }),
  cancelRendition: route({
    method: 'DELETE',
    path: '/api/v1/renditions/:id',
    summary: 'Cancel a running rendition or remove a finished one',
    policy: 'editor',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),

  ...agentRoutes,
  ...identityRoutes,
  ...peopleRoutes,
  ...signOnRoutes,
  ...directoryRoutes,
  ...workspaceRoutes,
  ...webhookRoutes,
  ...auditRoutes,
  ...planRoutes,
  ...storageRoutes,
  ...overviewRoutes,
  ...setupRoutes,
  ...systemRoutes,
  ...bundleRoutes,
  ...streamRoutes,
  ...retentionRoutes,
  ...erasureRoutes,
  ...speechRoutes,
  ...brandRoutes,
  ...trustRoutes,
  ...safetyRoutes,
  ...sharingRoutes,
  ...billingRoutes,
  ...departmentRoutes,
  ...momentRoutes,
  ...dataMapRoutes,
  ...personalDataRoutes,
  ...engineReportRoutes,
  ...privacyRequestRoutes,
  ...importRoutes,
  ...framingRoutes,
} as const satisfies Record<string, RouteDefinition>;

export type Routes = typeof routes;
export type RouteName = keyof Routes;

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Sent<S> = S extends z.ZodType ? z.input<S> : undefined;
type Field<R, K extends string> = R extends { readonly [P in K]: infer S } ? S : undefined;

/** What a handler of route `N` receives after parsing. */
export interface RouteInput<N extends RouteName> {
  params: Parsed<Field<Routes[N], 'params'>>;
  query: Parsed<Field<Routes[N], 'query'>>;
  body: Parsed<Field<Routes[N], 'body'>>;
}
/** What a caller of route `N` sends. */
export interface RouteArguments<N extends RouteName> {
  params?: Sent<Field<Routes[N], 'params'>>;
  query?: Sent<Field<Routes[N], 'query'>>;
  body?: Sent<Field<Routes[N], 'body'>>;
}
export type RouteReply<N extends RouteName> = z.output<Routes[N]['reply']>;
