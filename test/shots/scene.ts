/** Pictures and films for seeded videos: drawn, so that nobody's footage is needed and every run looks the same. */
import type { Page } from 'playwright-core';
import { makeMedia } from '../support/media.ts';
import { writeFileSync } from 'node:fs';

/** A person at a microphone before a warm wall, as SVG; `hue` sets the mood. */
function drawScene(hue: number, width: number, height: number): string {
  const ground = `hsl(${hue} 42% 22%)`;
  const light = `hsl(${(hue + 24) % 360} 70% 62%)`;
  const shirt = `hsl(${(hue + 180) % 360} 34% 40%)`;
  const centre = width / 2;
  const unit = height / 100;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
    <defs><radialGradient id="g" cx="68%" cy="28%" r="75%"><stop offset="0" stop-color="${light}"/><stop offset="1" stop-color="${ground}"/></radialGradient>
    <linearGradient id="s" x1="0" x2="1"><stop offset="0" stop-color="#b98467"/><stop offset="1" stop-color="#e3b394"/></linearGradient></defs>
    <rect width="100%" height="100%" fill="url(#g)"/>
    ${[12, 24, 78, 88].map((at, index) => `<rect x="${(width * at) / 100}" y="${height * 0.1}" width="${unit * 4}" height="${unit * (34 + index * 7)}" rx="${unit}" fill="hsl(${hue + index * 12} 30% ${30 + index * 5}% / .55)"/>`).join('')}
    <rect y="${height * 0.88}" width="100%" height="${height * 0.12}" fill="hsl(${hue} 30% 12%)"/>
    <path d="M${centre - unit * 30} ${height} q0 ${-unit * 36} ${unit * 30} ${-unit * 38} q${unit * 30} ${unit * 2} ${unit * 30} ${unit * 38}z" fill="${shirt}"/>
    <rect x="${centre - unit * 5}" y="${unit * 54}" width="${unit * 10}" height="${unit * 12}" fill="#b98467"/>
    <ellipse cx="${centre}" cy="${unit * 42}" rx="${unit * 13}" ry="${unit * 17}" fill="url(#s)"/>
    <path d="M${centre - unit * 14} ${unit * 42} q${unit * -1} ${-unit * 24} ${unit * 14} ${-unit * 22} q${unit * 16} ${-unit * 1} ${unit * 14} ${unit * 22} q${-unit * 3} ${-unit * 13} ${-unit * 14} ${-unit * 12} q${-unit * 11} 0 ${-unit * 14} ${unit * 12}z" fill="#33211a"/>
    <circle cx="${centre - unit * 5}" cy="${unit * 42}" r="${unit * 1.2}" fill="#241712"/><circle cx="${centre + unit * 5}" cy="${unit * 42}" r="${unit * 1.2}" fill="#241712"/>
    <path d="M${centre - unit * 4} ${unit * 51} q${unit * 4} ${unit * 3.5} ${unit * 8} 0" stroke="#7a3d32" stroke-width="${unit}" fill="none" stroke-linecap="round"/>
    <rect x="${centre + unit * 17}" y="${unit * 50}" width="${unit * 7}" height="${unit * 14}" rx="${unit * 3.5}" fill="#16161a"/>
    <rect x="${centre + unit * 20}" y="${unit * 63}" width="${unit}" height="${unit * 30}" fill="#16161a"/></svg>`;
}

export interface Scene {
  wide: Buffer;
  tall: Buffer;
  /** Short films of the same picture. */
  film: string;
  tallFilm: string;
}

/** Draws a scene in the browser and films it. */
export async function makeScene(page: Page, hue: number): Promise<Scene> {
  const draw = async (width: number, height: number) => {
    await page.setViewportSize({ width, height });
    await page.setContent(`<body style="margin:0">${drawScene(hue, width, height)}</body>`);
    return page.screenshot({ type: 'jpeg', quality: 82 });
  };
  const [wide, tall] = [await draw(960, 540), await draw(540, 960)];
  return { wide, tall, film: await makeFilm(wide, `wide-${hue}`), tallFilm: await makeFilm(tall, `tall-${hue}`) };
}

async function makeFilm(picture: Buffer, name: string): Promise<string> {
  const still = `/tmp/carmic-shots-${process.pid}-${name}.jpg`;
  writeFileSync(still, picture);
  return makeMedia('mp4', [
    ...['-loop', '1', '-framerate', '5', '-i', still, '-f', 'lavfi', '-i', 'sine=frequency=180:duration=20', '-t', '20'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '48k'],
  ]);
}
