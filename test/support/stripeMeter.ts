/** A billing meter on the wire: events that count once by their identifier, and their sums. */
import { type Form, textOf, WireError } from './stripeWire.ts';

const eventNames = ['carmic_extra_seconds', 'carmic_seat_days'];

export class MeterStandIn {
  readonly events = new Map<string, Form>();

  answer(path: string, form: Form): unknown {
    if (path === '/v1/billing/meters') {
      const data = eventNames.map((name, index) => ({ id: `mtr_${index}`, object: 'billing.meter', event_name: name }));
      return { object: 'list', url: path, data, has_more: false };
    }
    return path.endsWith('/event_summaries') ? this.#summarise(path, form) : this.#count(form);
  }

  #count(form: Form): unknown {
    const identifier = textOf(form['identifier']) ?? '';
    if (this.events.has(identifier)) {
      throw new WireError(400, 'invalid_request_error', 'duplicate_meter_event', `An event already exists with identifier ${identifier}.`);
    }
    this.events.set(identifier, form);
    return { object: 'billing.meter_event', identifier, event_name: form['event_name'], payload: form['payload'] };
  }

  #summarise(url: string, form: Form): unknown {
    const payloadOf = (event: Form) => event['payload'] as Form;
    const name = eventNames[Number(/mtr_(\d+)/.exec(url)?.[1])];
    const counted = [...this.events.values()].filter((event) => {
      const at = Number(textOf(event['timestamp']));
      return (
        event['event_name'] === name &&
        payloadOf(event)['stripe_customer_id'] === form['customer'] &&
        at >= Number(form['start_time']) &&
        at < Number(form['end_time'])
      );
    });
    const sum = counted.reduce((all, event) => all + Number(payloadOf(event)['value']), 0);
    return {
      object: 'list',
      url,
      data: [{ id: 'mtrusg_1', object: 'billing.meter_event_summary', aggregated_value: sum }],
      has_more: false,
    };
  }
}
