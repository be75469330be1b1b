import type { PolicyAdmin } from "../../server/policy/policy-admin.ts";
import { SERVER_OPTIONS, tenantDesk } from "../authority/tenant-desk.ts";
import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments, Command, OptionSpec } from "../cli/command.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";

/** A tenant's rules, and what was said of them. */
export interface PolicyPlace {
  readonly policy: PolicyAdmin;
  readonly tenantId: string;
  readonly changeReader: (
    nodeUid: string,
    change: { readonly zone?: string; readonly direction?: "in" | "out" },
  ) => Promise<void>;
  readonly setRelay: (zone: string, relayMs: number) => Promise<void>;
}

export interface Action {
  /** What the word after it is; absent when there is none. */
  readonly operand?: string;
  readonly options: readonly string[];
  readonly run: (
    place: PolicyPlace,
    args: Arguments,
    operand: string,
  ) => Promise<readonly CliEvent[]>;
}

interface Description {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  readonly examples: Command["examples"];
  readonly actions: Readonly<Record<string, Action>>;
}

const FOREIGN_TO_NONE: readonly string[] = SERVER_OPTIONS.map(({ name }) => name);

/** A command of one word and what belongs to it, on the data of a server on this machine. */
export function policyCommand(description: Description): Command {
  const { name, summary, options, examples, actions } = description;
  const names = Object.keys(actions);
  return {
    ...{ name, summary, examples },
    operands: `<${names.join(" | ")}>`,
    maxOperands: 2,
    options: [
      ...options,
      ...SERVER_OPTIONS.map((option) => ({
        ...option,
        help: option.help.replace(/^publish: /, ""),
      })),
    ],
    async *run(context, args) {
      const [word = "", operand] = args.positionals;
      const action = Object.hasOwn(actions, word) ? actions[word] : undefined;
      if (action === undefined) {
        const hint = word === "" ? "" : suggestion(word, names);
        throw usageError(`latchkey ${name}: one of ${names.join(", ")}${hint}`);
      }
      const own = [...action.options, ...FOREIGN_TO_NONE];
      const foreign = options.find(
        (option) => args.flag(option.name) && !own.includes(option.name),
      );
      if (foreign !== undefined)
        throw usageError(`--${foreign.name} does not belong to \`${name} ${word}\``, foreign.name);
      if ((operand !== undefined) !== (action.operand !== undefined))
        throw usageError(`say \`latchkey ${name} ${word} ${action.operand ?? ""}\``.trimEnd());
      const { admin, tenantId, close } = await tenantDesk(context, args);
      try {
        const place: PolicyPlace = {
          policy: admin.policy,
          tenantId,
          changeReader: (nodeUid, change) => admin.changeNode(tenantId, nodeUid, change),
          setRelay: (zone, relayMs) => admin.setZone(tenantId, zone, relayMs),
        };
        yield* await action.run(place, args, operand ?? "");
      } finally {
        close();
      }
      return EXIT.ok;
    },
  };
}

/** `2027-01-01T00:00:00Z`, in Unix seconds. A time without a zone would mean two things. */
export function momentOf(args: Arguments, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const at = /(Z|[+-][0-9]{2}:[0-9]{2})$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw usageError(`--${name} is a time such as 2027-01-01T00:00:00Z`, name);
  return Math.floor(at / 1000);
}

/** @throws usage when it was not given */
export function needed(args: Arguments, name: string): string {
  const value = args.text(name);
  if (value === undefined) throw usageError(`--${name} is needed`, name);
  return value;
}
