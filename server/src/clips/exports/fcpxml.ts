import type { Cut } from './cut.ts';

/** Writes a cut as FCPXML 1.10 (Apple, "FCPXML Reference"): times are fractions of a second, all on the frame grid. */
export function buildFcpxml(cut: Cut): string {
  const { numerator, denominator } = cut.rate;
  const time = (frames: number) => (frames === 0 ? '0s' : `${frames * denominator}/${numerator}s`);
  const name = escapeXml(cut.title);
  const file = escapeXml(cut.fileName);
  const sound = cut.hasSound ? ' hasAudio="1" audioSources="1" audioChannels="2" audioRate="48000"' : '';
  const clips = cut.pieces.map(
    (piece, index) =>
      `            <asset-clip ref="r2" name="${name} ${index + 1}" offset="${time(piece.cutFrame)}" start="${time(piece.sourceFrame)}" duration="${time(piece.frames)}" format="r1" tcFormat="NDF"/>`,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE fcpxml>',
    '<fcpxml version="1.10">',
    '  <resources>',
    `    <format id="r1" frameDuration="${denominator}/${numerator}s" width="${cut.width}" height="${cut.height}"/>`,
    `    <asset id="r2" name="${file}" start="0s" duration="${time(cut.sourceFrames)}" hasVideo="1" format="r1"${sound}>`,
    `      <media-rep kind="original-media" src="file:///${escapeXml(encodeURIComponent(cut.fileName))}"/>`,
    '    </asset>',
    '  </resources>',
    '  <library>',
    `    <event name="${name}">`,
    `      <project name="${name}">`,
    `        <sequence format="r1" duration="${time(cut.frameCount)}" tcStart="0s" tcFormat="NDF" audioLayout="stereo" audioRate="48k">`,
    '          <spine>',
    ...clips,
    '          </spine>',
    '        </sequence>',
    '      </project>',
    '    </event>',
    '  </library>',
    '</fcpxml>',
    '',
  ].join('\n');
}

function escapeXml(text: string): string {
  const isLegal = (letter: string) => /[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(letter);
  return [...text]
    .filter(isLegal)
    .join('')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[\t\n\r]+/g, ' ');
}
