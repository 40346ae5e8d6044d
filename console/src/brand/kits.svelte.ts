import type { BrandKit } from '@carmic/contract';
import type { Call } from '../api/client.ts';
import type { Live } from '../api/live.svelte.ts';

/** The workspace's brand kits, for pages and fields that show them; loaded when the first one asks. */
export class BrandKits {
  items = $state.raw<readonly BrandKit[] | null>(null);
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  get defaultKit(): BrandKit | null {
    return this.items?.find((kit) => kit.isDefault) ?? null;
  }

  /** The kit that a choice stands for: an id, null for none, undefined for the default one. */
  find(choice: string | null | undefined): BrandKit | null {
    return choice === undefined ? this.defaultKit : (this.items?.find((kit) => kit.id === choice) ?? null);
  }

  async load(): Promise<void> {
    this.items = (await this.#call('listBrandKits')).items;
  }

  /** Takes over a kit as a change has answered it. */
  take(kit: BrandKit): void {
    const others = (this.items ?? [])
      .filter((item) => item.id !== kit.id)
      .map((item) => (kit.isDefault ? { ...item, isDefault: false } : item));
    this.items = [...others, kit].sort((a, b) => a.name.localeCompare(b.name));
  }

  drop(id: string): void {
    this.items = (this.items ?? []).filter((kit) => kit.id !== id);
  }

  /** Loads again when somebody changes a kit. Answers how to stop. */
  follow(live: Live, onError: (error: unknown) => void): () => void {
    return live.listen((message) => {
      if (message.kind === 'event' && message.event.type.startsWith('brand_kit.')) {
        this.load().catch(onError);
      }
    });
  }
}
