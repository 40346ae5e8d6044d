/** Filters that bring an HDR picture (PQ or HLG) to ordinary colours; needs zscale. Put behind scaling, where the picture is small. */
export const colourToSdr = [
  'zscale=transfer=linear:npl=203',
  'format=gbrpf32le',
  'zscale=primaries=bt709',
  'tonemap=tonemap=hable:desat=0',
  'zscale=transfer=bt709:matrix=bt709:range=tv',
  'format=yuv420p',
].join(',');
