/** Decides what each revocation of a batch does, numbers what is added and chains it. */
import { forgetAfterMs, type AccessHorizon } from '../../domain/access-horizon.ts'
import {
  endingOf,
  isSame,
  raisesCounter,
  type Revocation,
  type RevocationCommand,
} from '../../domain/revocation.ts'
import type { RevokeOutcome } from '../../ports/store.ts'
import type { Failure } from '../../domain/failure.ts'
import { entryOf, type Lasting } from '../log-row.ts'
import type { Tail } from './streams.ts'

export type RevokeAnswer = { readonly value: RevokeOutcome } | { readonly failure: Failure }

/** What the database holds of the ids and keys that a batch names. */
export interface Known {
  readonly entries: readonly Revocation[]
  /** Counters by `counterName`; one that was never raised is 0 or missing. */
  readonly counters: ReadonlyMap<string, Counter>
  /** Of sessions that are ended by their names; one that is missing is not known. */
  readonly lifetimesMs: ReadonlyMap<string, number>
}

export interface Counter {
  readonly generation: number
  readonly forgetAfterMs: number
}

export const nothingKnown: Known = { entries: [], counters: new Map(), lifetimesMs: new Map() }

export interface Raised extends Counter {
  readonly scope: string
  readonly key: string
}

export function counterName(scope: string, key: string): string {
  return `${scope} ${key}`
}

export class Numbering {
  readonly #stream: string
  readonly #horizon: AccessHorizon
  readonly #lifetimesMs: ReadonlyMap<string, number>
  readonly #byId = new Map<string, Revocation>()
  /** Of what ends by its name, the entry that counts: the first, or of cut-offs the latest. */
  readonly #named = new Map<string, Revocation>()
  /** Of counters, by scope, key and generation. */
  readonly #byKey = new Map<string, Revocation>()
  readonly #counters: Map<string, Counter>
  readonly #raised = new Map<string, Raised>()
  readonly #entries: Revocation[] = []
  #head: number
  #hash: string

  /** @param horizon As it is when the batch has been committed. */
  constructor(stream: string, tail: Tail, horizon: AccessHorizon, known: Known) {
    this.#stream = stream
    this.#horizon = horizon
    this.#lifetimesMs = known.lifetimesMs
    this.#head = tail.head
    this.#hash = tail.hash
    this.#counters = new Map(known.counters)
    for (const entry of known.entries) this.#remember(entry)
  }

  /** What was added, in order. */
  get entries(): readonly Revocation[] {
    return this.#entries
  }

  /** The counters that were raised, with their last value, in the order in which rows are locked. */
  get raised(): readonly Raised[] {
    return [...this.#raised.values()]
  }

  get head(): number {
    return this.#head
  }

  get hash(): string {
    return this.#hash
  }

  revoke(command: RevocationCommand): RevokeAnswer {
    const { scope, key } = command
    const repeated = this.#byId.get(command.id)
    if (repeated !== undefined) {
      return isSame(repeated, command)
        ? { value: { revocation: repeated, added: false } }
        : { failure: { kind: 'conflict', reason: 'the id names another revocation' } }
    }
    const ending = endingOf(command)
    if (ending.kind !== 'counter') {
      const earlier = this.#named.get(nameOf(command))
      const isEnded = earlier !== undefined && earlier.cutoffSeconds >= ending.cutoffSeconds
      return { value: isEnded ? { revocation: earlier, added: false } : this.#end(command) }
    }
    const counter = this.#counters.get(counterName(scope, key)) ?? neverRaised
    const by = this.#byKey.get(entryName(scope, key, counter.generation))
    const { ifGeneration } = command
    if (by && ifGeneration !== undefined && counter.generation > ifGeneration) {
      return { value: { revocation: by, added: false } }
    }
    return { value: this.#raise(command, counter) }
  }

  #end(command: RevocationCommand): RevokeOutcome {
    return this.#add({ ...command, forgetAfterMs: this.#forgetAfterMs(command) }, 0)
  }

  #forgetAfterMs(command: RevocationCommand): number {
    const isOurs = command.scope === 'session' && (command.issuer ?? '') === ''
    const own = isOurs ? this.#lifetimesMs.get(command.key) : undefined
    return forgetAfterMs(this.#horizon, command, own)
  }

  /** The higher value also ends what the lower one ended, so it is remembered as long. */
  #raise(command: RevocationCommand, counter: Counter): RevokeOutcome {
    const { scope, key } = command
    const generation = Math.max(counter.generation + 1, command.leastGeneration ?? 0)
    const forgetAfterMs = Math.max(this.#forgetAfterMs(command), counter.forgetAfterMs)
    const name = counterName(scope, key)
    this.#counters.set(name, { generation, forgetAfterMs })
    this.#raised.set(name, { scope, key, generation, forgetAfterMs })
    return this.#add({ ...command, forgetAfterMs }, generation)
  }

  #add(command: Lasting, generation: number): RevokeOutcome {
    const revocation = entryOf(command, {
      stream: this.#stream,
      sequence: this.#head + 1,
      generation,
      previousHash: this.#hash,
    })
    this.#head = revocation.sequence
    this.#hash = revocation.hash
    this.#entries.push(revocation)
    this.#remember(revocation)
    return { revocation, added: true }
  }

  #remember(entry: Revocation): void {
    this.#byId.set(entry.id, entry)
    if (raisesCounter(entry)) {
      this.#byKey.set(entryName(entry.scope, entry.key, entry.generation), entry)
      return
    }
    const known = this.#named.get(nameOf(entry))
    if (known === undefined || known.cutoffSeconds < entry.cutoffSeconds) {
      this.#named.set(nameOf(entry), entry)
    }
  }
}

const neverRaised: Counter = { generation: 0, forgetAfterMs: Number.MIN_SAFE_INTEGER }

function nameOf({
  scope,
  issuer = '',
  key,
}: Pick<RevocationCommand, 'scope' | 'issuer' | 'key'>): string {
  return JSON.stringify([scope, issuer, key])
}

function entryName(scope: string, key: string, generation: number): string {
  return `${String(generation)} ${scope} ${key}`
}
