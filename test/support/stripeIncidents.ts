/** Refunds and disputes on the wire. A charge is expanded where it is asked for, as ours always is. */
import { type Form, missing } from './stripeWire.ts';

export interface WireIncident {
  id: string;
  object: 'dispute' | 'refund';
  charge: { id: string; object: 'charge'; customer: string | null };
  status: string;
  reason: string | null;
  amount: number;
  currency: string;
  created: number;
  evidence_details: { due_by: number | null };
}

export class IncidentsStandIn {
  readonly all = new Map<string, WireIncident>();

  answer(path: string, form: Form): unknown {
    const [, , resource, id] = path.split('/');
    const kind = resource === 'disputes' ? 'dispute' : 'refund';
    if (id !== undefined) {
      const found = this.all.get(id);
      if (found === undefined) {
        throw missing(kind, id);
      }
      return found;
    }
    const since = Number((form['created'] as Form | undefined)?.['gte'] ?? 0);
    const data = [...this.all.values()].filter(
      (each) => each.object === kind && each.created >= since && (form['charge'] === undefined || each.charge.id === form['charge']),
    );
    return { object: 'list', url: path, data, has_more: false };
  }
}
