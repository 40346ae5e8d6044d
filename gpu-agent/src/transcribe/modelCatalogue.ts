/** A whisper model of whisper.cpp's collection, as its publisher's files are. */
export interface CatalogueModel {
  name: string;
  fileName: string;
  sizeBytes: number;
  /** `many`: about a hundred languages. */
  languages: 'en' | 'many';
  sha256: string;
}

const model = (name: string, sizeBytes: number, sha256: string): CatalogueModel => ({
  name,
  fileName: `ggml-${name}.bin`,
  sizeBytes,
  languages: name.endsWith('.en') ? 'en' : 'many',
  sha256,
});

/** What an agent can fetch by name, smallest first. Any other ggml file can be put into the models folder by hand. */
export const catalogue: readonly CatalogueModel[] = [
  model('tiny', 77_691_713, 'be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21'),
  model('tiny.en', 77_704_715, '921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f'),
  model('base', 147_951_465, '60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe'),
  model('base.en', 147_964_211, 'a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002'),
  model('small', 487_601_967, '1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b'),
  model('small.en', 487_614_201, 'c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d'),
  model('medium', 1_533_763_059, '6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208'),
  model('large-v3-turbo', 1_624_555_275, '1fc70f774d38eb169993ac391eea357ef47c88757ef72ee5943879b7e8e2bc69'),
];
