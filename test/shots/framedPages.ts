/** Videos that pages show: one with clips, one that failed, one that is worked on. */
export interface PageVideos {
  ready: { id: string };
  failed: { id: string };
  running: { id: string };
}

/** Every page inside the frame, by a short name. */
export function framedPages(videos: PageVideos): [name: string, path: string][] {
  return [
    ['library', '/'],
    ['video', `/videos/${videos.ready.id}`],
    ['video-failed', `/videos/${videos.failed.id}`],
    ['video-running', `/videos/${videos.running.id}`],
    ['search', '/search?q=harbour'],
    ['glossary', '/glossary'],
    ['engines', '/engines'],
    ['safety', '/safety'],
    ['brands', '/brands'],
    ['agents', '/agents'],
    ['account', '/account'],
    ['billing', '/billing'],
    ['members', '/members'],
    ['sign-on', '/sign-on'],
    ['people', '/people'],
    ['deletions', '/deletions'],
    ['plans', '/plans'],
    ['overview', '/overview'],
    ['setup', '/setup?step=plans'],
    ['setup-storage', '/setup?step=storage'],
    ['setup-sample', '/setup?step=sample'],
    ['system', '/system'],
    ['settings', '/settings'],
    ['settings-group', '/settings?group=storage'],
    ['storage', '/storage'],
    ['safekeeping', '/safekeeping'],
    ['privacy-requests', '/privacy-requests'],
    ['mail', '/mail'],
    ['third-parties', '/third-parties'],
    ['compression', '/compression'],
    ['personal-data', '/personal-data'],
    ['data-map', '/data-map'],
    ['audit', '/audit'],
    ['webhooks', '/webhooks'],
    ['not-found', '/nowhere'],
  ];
}
