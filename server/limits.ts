import { MAX_BADGE_CHALLENGE_SECONDS } from "../protocol/badge/challenge.ts";
import { MAX_CHALLENGE_SECONDS } from "../protocol/node/challenge.ts";
import { MAX_TOKEN_SECONDS } from "../protocol/node/verify.ts";

/** A token bucket: `burst` at once, then `perSecond` on average. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * Every bound of the service in one place. Rates by address hold per network address and are
 * generous, because a whole building may sit behind one.
 */
export interface Limits {
  readonly challengeSeconds: number;
  readonly badgeChallengeSeconds: number;
  readonly tokenSeconds: number;
  /** However often its token is renewed, a session gives way to fresh keys after this. */
  readonly sessionSeconds: number;
  /** A node that reboots leaves sessions behind; the oldest go. */
  readonly sessionsPerNode: number;
  /** Unauthenticated, so wide enough that a stranger's requests do not push out the node's own. */
  readonly challengesPerNode: number;
  readonly badgeChallengesPerNode: number;
  /** From a sealed badge's first answer to the decision; not moved by further answers. */
  readonly sealedDialogueSeconds: number;
  readonly sealedDialoguesPerNode: number;
  /** How long a back end may take over its answer, and how many it may owe an application. */
  readonly replySeconds: number;
  readonly repliesPerApplication: number;
  /** From their arrival on. */
  readonly readingsKeptSeconds: number;
  /** What the rows of one node may take, so that one that was taken over fills no disk. */
  readonly readingBytesPerNode: number;
  /** Listeners to readings at a time, in all and with one token. */
  readonly streamsMax: number;
  readonly streamsPerToken: number;
  readonly registerByAddress: Rate;
  readonly handshakeByAddress: Rate;
  /** Of `openapi.json`, a thousand times as long as the question for it. */
  readonly documentByAddress: Rate;
  /** Operators' requests, counted before the token is looked at: guessing is slow. */
  readonly operatorByAddress: Rate;
  /** Steps of work on cards: some forty for one badge. */
  readonly cardStepsByAddress: Rate;
  /** Back ends' calls, two for a request, counted before the token is looked at. */
  readonly backEndByAddress: Rate;
  /** Sessions of an application, of a node: each is an audit row, kept for good. */
  readonly loginsByApplication: Rate;
  readonly loginsByNode: Rate;
  /** How often the use of a token at an address is a login, and so a row. */
  readonly loginsByToken: Rate;
  /** Rows of logins with one token, from however many addresses; what is beyond is counted. */
  readonly loginRowsByToken: Rate;
  /** Rows of refused logins of whoever has proved a key, each. */
  readonly refusalRowsBySubject: Rate;
  /** The same of all strangers together: nobody fills a disk by failing. */
  readonly refusalRows: Rate;
  readonly requestsByNode: Rate;
  readonly tapsByNode: Rate;
  /** Above what one reader may ask: one that was taken over uses up no badge's taps elsewhere. */
  readonly tapsByBadge: Rate;
  /** What nodes, applications and operators of a tenant ask, once they have proved who they are. */
  readonly requestsByTenant: Rate;
  /** Wrong signatures, keys and tokens; then the address is locked out until it has one again. */
  readonly failuresByAddress: Rate;
  /** The same for one who claims to be that node or application, at that address. */
  readonly failuresByNode: Rate;
  /** Taps that smell of a copy; then the badge is locked out at that reader. */
  readonly failuresByBadge: Rate;
  /** Denials that a reader reports; what is beyond stays with the reader for later. */
  readonly reportedDenialsByNode: Rate;
  /** Single readings, however many a request holds. */
  readonly readingsByNode: Rate;
  /** What happens to a node's doors; beyond it their state alone is noted. */
  readonly doorEventsByNode: Rate;
  /** Alarms of lost access events; beyond it the reading's row alone says so. */
  readonly lossAlarmsByNode: Rate;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  // Under a minute on every store, also when the two clocks differ by some seconds.
  challengeSeconds: Math.min(55, MAX_CHALLENGE_SECONDS),
  badgeChallengeSeconds: Math.min(55, MAX_BADGE_CHALLENGE_SECONDS),
  tokenSeconds: MAX_TOKEN_SECONDS,
  sessionSeconds: 12 * 3600,
  sessionsPerNode: 4,
  challengesPerNode: 64,
  badgeChallengesPerNode: 4,
  sealedDialogueSeconds: 10,
  sealedDialoguesPerNode: 2,
  replySeconds: 55,
  // As many as it may ask at once; see requestsByNode.
  repliesPerApplication: 200,
  readingsKeptSeconds: 30 * 86_400,
  // One reading a minute takes 20 MB in 30 days.
  readingBytesPerNode: 64 * 2 ** 20,
  streamsMax: 64,
  streamsPerToken: 8,
  registerByAddress: { burst: 60, perSecond: 2 },
  handshakeByAddress: { burst: 400, perSecond: 40 },
  documentByAddress: { burst: 10, perSecond: 0.2 },
  operatorByAddress: { burst: 60, perSecond: 5 },
  cardStepsByAddress: { burst: 400, perSecond: 60 },
  backEndByAddress: { burst: 4000, perSecond: 1000 },
  loginsByApplication: { burst: 60, perSecond: 0.2 },
  loginsByNode: { burst: 60, perSecond: 0.2 },
  loginsByToken: { burst: 1, perSecond: 1 / (12 * 3600) },
  loginRowsByToken: { burst: 32, perSecond: 1 / 600 },
  refusalRowsBySubject: { burst: 4, perSecond: 1 / 600 },
  refusalRows: { burst: 256, perSecond: 1 / 60 },
  requestsByNode: { burst: 200, perSecond: 20 },
  tapsByNode: { burst: 20, perSecond: 4 },
  tapsByBadge: { burst: 40, perSecond: 8 },
  requestsByTenant: { burst: 20_000, perSecond: 5000 },
  failuresByAddress: { burst: 100, perSecond: 0.5 },
  failuresByNode: { burst: 10, perSecond: 1 / 30 },
  failuresByBadge: { burst: 10, perSecond: 1 / 30 },
  reportedDenialsByNode: { burst: 64, perSecond: 0.5 },
  // Two days of one reading a minute at once, then 20 times as fast as they are measured.
  readingsByNode: { burst: 4000, perSecond: 20 },
  doorEventsByNode: { burst: 64, perSecond: 0.2 },
  lossAlarmsByNode: { burst: 8, perSecond: 1 / 600 },
});
