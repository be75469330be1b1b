import { LatchkeyError } from "../../protocol/errors.ts";
import {
  decodeLoss,
  EVENT_CLASSES,
  type EventClass,
  type EventRecord,
  type EventState,
  type Loss,
  mergeLoss,
  type PerClass,
} from "./event-state.ts";
import type { EventTable } from "./event-table.ts";

export interface Situation {
  readonly table: EventTable;
  /** Sequence number of the last event of each class. */
  readonly last: PerClass<number>;
  readonly state: EventState;
  readonly dropped: PerClass<number>;
  /** Sectors that may be opened before something must go; negative when that is now. */
  readonly room: number;
  /** Whether it is worth the loss of telemetry. */
  readonly mayDrop: boolean;
}

/** What the log knows of itself once a sector is opened. */
export interface Turnover {
  readonly state: EventState;
  readonly dropped: PerClass<number>;
}

/**
 * Decides what has to go so that a sector can be opened for a class: first what was uploaded, then
 * the oldest telemetry. Telemetry keeps one sector, so that a node can always say something.
 *
 * Access events are never dropped: when nothing else is left, a new one is refused. Whoever taps
 * a card all night while the network is cut would otherwise push out the record of what was done
 * before. So he can only keep later taps from being recorded, each of which is refused aloud:
 * the application knows, and need not open a door that it cannot account for.
 * @throws storage-full
 */
export function planOpening(eventClass: EventClass, situation: Situation): Turnover {
  const { table, state } = situation;
  let { room } = situation;
  const floors = { ...state.floors };
  const retire = (of: EventClass, index: number) => {
    floors[of] = table.number(index) + 1;
    room++;
  };
  for (const of of EVENT_CLASSES) {
    const sectors = table.of(of);
    for (const [place, index] of retirable(table, of, eventClass).entries()) {
      const next = sectors[place + 1];
      const last = next === undefined ? situation.last[of] : table.last(index, next);
      if (last > state.marks[of]) break;
      retire(of, index);
    }
  }
  const telemetry = retirable(table, "telemetry", eventClass);
  // Room for the first sector of telemetry is set aside.
  if (eventClass === "access" && table.of("telemetry").length === 0) room--;
  let loss: Loss | undefined;
  for (const index of telemetry) {
    if (room >= 0 || !situation.mayDrop) break;
    if (table.number(index) < floors.telemetry) continue;
    retire("telemetry", index);
    for (const record of table.records(index))
      if (record.kind !== "state" && record.sequence > state.marks.telemetry)
        loss = mergeLoss(loss, lossOf(record));
  }
  if (room < 0) throw new LatchkeyError("storage-full");
  if (loss === undefined) return { state: { ...state, floors }, dropped: situation.dropped };
  const lost = { ...state.lost, telemetry: mergeLoss(state.lost.telemetry, loss) };
  const telemetryDropped = situation.dropped.telemetry + loss.count;
  const dropped = { ...situation.dropped, telemetry: telemetryDropped };
  return { state: { ...state, floors, lost }, dropped };
}

/** Sectors that a class can do without, oldest first: its head is one only when it is replaced. */
function retirable(table: EventTable, of: EventClass, opening: EventClass): number[] {
  const sectors = table.of(of);
  return of === opening ? sectors : sectors.slice(0, -1);
}

/** What dropping a record loses; of one that tells of a loss, that loss. */
function lossOf(record: EventRecord): Loss {
  const { sequence } = record;
  return record.kind === "loss"
    ? decodeLoss(record.value)
    : { count: 1, first: sequence, last: sequence };
}
