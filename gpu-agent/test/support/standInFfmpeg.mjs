#!/usr/bin/env node
// @ts-check
/**
 * Stands in for an ffmpeg on a host with a graphics card: fails with the words of the real one (libavcodec/nvenc.c and the drivers), and
 * where the card would work it lets the real ffmpeg encode with libx264. `makeStandIn` writes a copy with its settings filled in.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const settings = /** @type {import('./standIn.ts').StandInSettings} */ (JSON.parse('SETTINGS'));
const live = settings.folder === null ? null : join(settings.folder, 'settings.json');
const behaviour = live !== null && existsSync(live) ? JSON.parse(readFileSync(live, 'utf8')) : settings.behaviour;
const args = process.argv.slice(2);
const isCard = (/** @type {string} */ name) => /_(nvenc|vaapi|qsv)$/.test(name);

/** What the real one says, by what is wrong. */
const words = {
  no_driver: (/** @type {string} */ n) => `[${n} @ 0x5581] Cannot load libcuda.so.1`,
  no_library: (/** @type {string} */ n) =>
    `[${n} @ 0x5581] Cannot load libnvidia-encode.so.1\n[${n} @ 0x5581] The minimum required Nvidia driver for nvenc is 470.57.02 or newer`,
  old_driver: (/** @type {string} */ n) =>
    `[${n} @ 0x5581] Driver does not support the required nvenc API version. Required: 11.1 Found: 10.0\n[${n} @ 0x5581] The minimum required Nvidia driver for nvenc is 470.57.02 or newer`,
  no_card: (/** @type {string} */ n) =>
    `[${n} @ 0x5581] dl_fn->cuda_dl->cuInit(0) failed -> CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected`,
  no_encoder: (/** @type {string} */ n) =>
    `[${n} @ 0x5581] OpenEncodeSessionEx failed: unsupported device (2): (no details)\n[${n} @ 0x5581] No capable devices found`,
  session_limit: (/** @type {string} */ n) =>
    `[${n} @ 0x5581] OpenEncodeSessionEx failed: out of memory (10): (no details)\n[${n} @ 0x5581] No capable devices found`,
  out_of_memory: (/** @type {string} */ n) =>
    `[${n} @ 0x5581] dl_fn->cuda_dl->cuCtxCreate(&ctx->cu_context_internal, 0, cu_device) failed -> CUDA_ERROR_OUT_OF_MEMORY: out of memory\n[${n} @ 0x5581] No capable devices found`,
  unsupported: (/** @type {string} */ n) => `[${n} @ 0x5581] Codec not supported\n[${n} @ 0x5581] No capable devices found`,
  no_bref: (/** @type {string} */ n) =>
    `[${n} @ 0x5581] B frames as references are not supported\n[${n} @ 0x5581] No capable devices found`,
  no_display: () => '[AVHWDeviceContext @ 0x5594] No VA display found for device /dev/dri/renderD128.\nDevice creation failed: -22.',
  no_mfx: (/** @type {string} */ n) => `[${n} @ 0x5609] Error initializing an internal MFX session: unsupported (-3)`,
  crash: () => 'Segmentation fault',
};

function refuse(/** @type {keyof typeof words} */ what, /** @type {string} */ name) {
  process.stderr.write(
    `${words[what](name)}\nError initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe incorrect parameters such as bit_rate, rate, width or height\n`,
  );
  process.exit(1);
}

if (args.includes('-encoders')) {
  const names = ['libx264', ...behaviour.listed];
  process.stdout.write(`Encoders:\n ------\n${names.map((name) => ` V....D ${name} stand-in`).join('\n')}\n`);
  process.exit(0);
}

const used = args.flatMap((word, index) => (word === '-c:v' && isCard(args[index + 1] ?? '') ? [args[index + 1] ?? ''] : []));
const [name] = used;
if (live !== null && settings.folder !== null) {
  appendFileSync(join(settings.folder, 'calls.jsonl'), `${JSON.stringify(args)}\n`);
}
/** @type {string[]} */
let real = args;
if (name !== undefined) {
  const card = behaviour.cards[name] ?? {};
  const isProbe = args.some((word) => word.startsWith('testsrc2=size=256x256'));
  const says = (isProbe ? card.probeSays : card.clipSays) ?? null;
  if (says !== null) {
    refuse(says, name);
  }
  if (card.refusesReferences && args.includes('-b_ref_mode')) {
    refuse('no_bref', name);
  }
  openSessions(card.sessions ?? null, used);
  real = onProcessor(args, card.crfOffset ?? 1);
}

/** Holds a file per session while the encode runs, as the driver counts them over all processes. */
function openSessions(/** @type {number | null} */ limit, /** @type {string[]} */ wanted) {
  if (settings.folder === null) {
    return;
  }
  const folder = join(settings.folder, 'sessions');
  mkdirSync(folder, { recursive: true });
  wanted.forEach((_, index) => writeFileSync(join(folder, `${process.pid}-${index}`), ''));
  const open = readdirSync(folder).length;
  appendFileSync(join(settings.folder, 'open.txt'), `${open}\n`);
  const close = () => wanted.forEach((_, index) => rmSync(join(folder, `${process.pid}-${index}`), { force: true }));
  process.on('exit', close);
  if (limit !== null && open > limit) {
    refuse('session_limit', wanted[0] ?? '');
  }
}

/** The same command line for libx264: what only the card knows is taken away, its quality becomes a crf. */
function onProcessor(/** @type {string[]} */ given, /** @type {number} */ crfOffset) {
  const dropped = new Set([
    ...['-preset', '-tune', '-rc', '-cq', '-b:v', '-spatial-aq', '-temporal-aq', '-rc-lookahead', '-bf', '-b_ref_mode', '-forced-idr'],
    ...['-profile:v', '-vaapi_device', '-rc_mode', '-qp', '-low_power', '-global_quality', '-look_ahead', '-forced_idr', '-tag:v'],
  ]);
  const out = [];
  let crf = 21;
  for (let index = 0; index < given.length; index++) {
    const word = given[index] ?? '';
    const value = given[index + 1] ?? '';
    if (word === '-c:v') {
      out.push('-c:v', 'libx264', '-preset', 'ultrafast');
      index += 1;
    } else if (dropped.has(word)) {
      crf = ['-cq', '-qp', '-global_quality'].includes(word) ? Number(value) + crfOffset : crf;
      index += 1;
    } else {
      out.push(word.replace(',hwupload', ''));
    }
  }
  return out.flatMap((word) => (word === 'ultrafast' ? ['ultrafast', '-crf', String(Math.min(51, crf))] : [word]));
}

const child = spawn(settings.realFfmpeg, real, { stdio: [0, 1, 2, 3] });
child.once('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 137));
