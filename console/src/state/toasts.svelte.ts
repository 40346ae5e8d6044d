export interface Toast {
  id: number;
  tone: 'neutral' | 'good' | 'bad';
  text: string;
  action?: { label: string; run: () => void };
}

const shownMs = 6000;

/** Short messages in the corner. Those that report a fault stay until they are dismissed. */
export class Toasts {
  items = $state.raw<readonly Toast[]>([]);
  #next = 1;

  show(text: string, tone: Toast['tone'] = 'neutral', action?: Toast['action']): void {
    const id = this.#next;
    this.#next += 1;
    const toast: Toast = action ? { id, tone, text, action } : { id, tone, text };
    this.items = [...this.items.filter((item) => item.text !== text), toast].slice(-4);
    if (tone !== 'bad') {
      setTimeout(() => this.dismiss(id), shownMs);
    }
  }

  /** Takes away what was only told; faults, and what can still be undone, stay. */
  makeRoom(): void {
    this.items = this.items.filter(({ tone, action }) => tone === 'bad' || action !== undefined);
  }

  dismiss(id: number): void {
    this.items = this.items.filter((item) => item.id !== id);
  }
}
